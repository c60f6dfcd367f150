"""Where tables and coloured lines are printed."""

from __future__ import annotations

import rich.console


class Console(rich.console.Console):
    """As rich's, but whoever prints is told that nobody reads on; rich would end the process, and a run with it."""

    def on_broken_pipe(self) -> None:
        """Called while the error is being handled.

        Raises:
            BrokenPipeError: the reader is gone.
        """
        raise BrokenPipeError
