"""Whoever wants to know what happens while cells run. Nothing here knows more of them than this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ssc_tune.design.cells import Cell
from ssc_tune.records import Record


class Listener(Protocol):
    """Is told in the driver, one call after another."""

    def started(self, cell: Cell) -> None:
        """A cell was handed to a worker."""

    def finished(self, cell: Cell, record: Record) -> None:
        """A cell has its record."""

    def close(self) -> None:
        """No more cells end; it may come without any."""


class Screen(Protocol):
    """What is said while cells run, beside what listeners are told."""

    def say(self, lines: Sequence[str]) -> None:
        """Lines that a user should see now."""

    def hold(self, workers: int) -> None:
        """So many cells are held at once from now on."""


class Unseen:
    """No screen."""

    def say(self, lines: Sequence[str]) -> None:
        """Nobody sees it."""

    def hold(self, workers: int) -> None:
        """Nobody asks."""


class Everyone:
    """Tells several listeners, in their order; closes them in the reverse one."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def started(self, cell: Cell) -> None:
        """Passed on."""
        for listener in self._listeners:
            listener.started(cell)

    def finished(self, cell: Cell, record: Record) -> None:
        """Passed on."""
        for listener in self._listeners:
            listener.finished(cell, record)

    def close(self) -> None:
        """Passed on."""
        for listener in reversed(self._listeners):
            listener.close()
