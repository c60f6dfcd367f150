"""Whoever wants to know what happens while cells run. Nothing here knows more of them than this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ssc_tune.design.cells import Cell
from ssc_tune.errors import cause
from ssc_tune.records import Record


class Listener(Protocol):
    """Is told in the driver, one call after another. A subclass may leave ``started`` and ``close`` out."""

    what: str
    """What it keeps or shows, and what makes good what it missed: said where it fails."""

    def started(self, cell: Cell) -> None:
        """A cell was handed to a worker."""
        return

    def finished(self, cell: Cell, record: Record) -> None:
        """A cell has its record."""

    def close(self) -> None:
        """No more cells end; it may come without any. What was missed is made good here, where it can be."""
        return


class Screen(Protocol):
    """What is said while cells run, beside what listeners are told."""

    def tell(self, text: str) -> None:
        """A line that a user should see now."""

    def hold(self, workers: int) -> None:
        """So many cells are held at once from now on."""

    def wait(self, what: str) -> None:
        """What is being waited for, until a worker is at a cell."""


class Everyone:
    """Tells several listeners, in their order; closes them in the reverse one.

    A listener that fails keeps neither the run nor another listener from going on: records are the truth, and what is
    told of them can be told again.

    Args:
        listeners: whoever is told.
        say: called with one line at the first failure of each listener, and of its closing.

    Attributes:
        problems: those lines.
    """

    what = "who is told of cells"

    def __init__(self, *listeners: Listener, say: Callable[[str], None] = lambda line: None) -> None:
        self._listeners, self._say = listeners, say
        self._said: set[tuple[int, bool]] = set()
        self.problems: list[str] = []

    def started(self, cell: Cell) -> None:
        """Passed on."""
        for listener in self._listeners:
            self._call(listener, lambda one: one.started(cell))

    def finished(self, cell: Cell, record: Record) -> None:
        """Passed on."""
        for listener in self._listeners:
            self._call(listener, lambda one: one.finished(cell, record))

    def close(self) -> None:
        """Passed on."""
        for listener in reversed(self._listeners):
            self._call(listener, lambda one: one.close(), closing=True)

    def _call(self, listener: Listener, act: Callable[[Listener], None], *, closing: bool = False) -> None:
        try:
            act(listener)
        except Exception as error:  # whatever a database, a server or a terminal raises
            if (id(listener), closing) in self._said:
                return
            self._said.add((id(listener), closing))
            line = f"{listener.what}: {cause(error)}; " + ("not complete" if closing else "the study goes on")
            self.problems.append(line)
            try:
                self._say(line)
            except OSError:  # nobody reads what is said any more
                return
