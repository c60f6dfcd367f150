"""Where tables and coloured lines are printed."""

from __future__ import annotations

import os
from typing import Any

import rich.console
from rich import box
from rich.table import Table

UNBOUNDED = 100_000
"""Columns of a pipe or a file, which have no width."""


class Console(rich.console.Console):
    """As rich's, but no line is folded where there is no width, and whoever prints is told that nobody reads on.

    rich would take a pipe for 80 columns wide, and end the process, and a run with it, where the reader is gone. A
    width that ``COLUMNS`` names holds everywhere.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        if given.get("width") is None and not self.is_terminal and "COLUMNS" not in os.environ:
            self.width = UNBOUNDED

    def on_broken_pipe(self) -> None:
        """Called while the error is being handled.

        Raises:
            BrokenPipeError: the reader is gone.
        """
        raise BrokenPipeError


def folding_table(*columns: str) -> Table:
    """An empty table with these columns, whose long cells fold."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(name, overflow="fold")
    return made
