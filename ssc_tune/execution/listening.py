"""Whoever wants to know what happens while cells run. Nothing here knows more of them than this."""

from __future__ import annotations

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
