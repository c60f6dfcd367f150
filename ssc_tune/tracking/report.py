"""What a writing of the view did."""

from __future__ import annotations

from typing import NamedTuple


class SyncReport(NamedTuple):
    """Cells by what happened to their runs, and what went wrong.

    ``problems`` holds one line each, without credentials; it is empty if the view is complete. ``experiment_id`` is
    the store's id of the study's experiment, or ``None`` if the store was never reached.
    """

    num_created: int
    num_updated: int
    num_unchanged: int
    problems: tuple[str, ...] = ()
    experiment_id: str | None = None
