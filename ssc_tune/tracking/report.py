"""What a writing of the view did."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.design import Placement
from ssc_tune.masking import mask
from ssc_tune.records.record import Record

if TYPE_CHECKING:
    from ssc_tune.tracking.writer import Writer


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


def _cure(error: BaseException | None) -> str:
    """What to do with an SQLite file that is no database any more: it may hold what others wrote, so it is left."""
    while error is not None:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            return "; the file is damaged: move it away, and ssc-tune sync makes each study's view anew"
        error = error.__cause__ or error.__context__
    return ""


class Journal:
    """Writes through a writer and keeps count; one thread writes, any may read.

    Args:
        uri: the store, resolved; its credentials are left out of what is said.
        on_problem: called with the first line about what went wrong.
    """

    def __init__(self, uri: str, on_problem: Callable[[str], None] | None = None) -> None:
        self._uri, self._on_problem = uri, on_problem
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._problems: list[str] = []

    def say(self, text: str) -> None:
        """A line about what went wrong."""
        with self._lock:
            first = not self._problems
            self._problems.append(text)
        if first and self._on_problem is not None:
            self._on_problem(text)

    def failed(self, what: str, error: Exception, then: str = "") -> None:
        """A line about an error, without credentials; ``then`` goes after it."""
        text = mask(" ".join(str(error).split()), self._uri) or type(error).__name__  # before it is cut
        self.say(f"{mask(what, self._uri)}: {type(error).__name__}: {text[:400]}{then}")

    def store_failed(self, error: Exception, then: str = "", *, once: bool = False) -> None:
        """The store did not answer, or refused what the whole view needs; ``once``: it has been said before."""
        if not (once and any(text.startswith("MLflow at") for text in self._problems)):
            self.failed(f"MLflow at {self._uri}", error, _cure(error) + then)

    def write(self, writer: Writer, record: Record, placements: Sequence[Placement]) -> None:
        """Writes a cell; one that MLflow refuses is noted and must not hold up the others.

        Raises:
            Exception: whatever MLflow raises when the store does not answer.
        """
        try:
            outcome = writer.write_cell(record, placements)
        except Exception as error:
            if not writer.store.ping():
                raise
            self.failed(f"cell {record.cell_id}", error)
            return
        with self._lock:
            self._counts[outcome] += 1

    def close(
        self,
        writer: Writer,
        analysis: StudyAnalysis | None,
        artifacts: Sequence[Path],
        models: Mapping[str, tuple[Record, Path]],
        start_time: float,
    ) -> None:
        """Writes verdicts, tables and artifacts, ends the parent run and logs models; notes artifacts that are missing.

        Raises:
            Exception: as of :meth:`write`.
        """
        for path in artifacts:
            if not path.exists():
                self.say(f"artifact {path}: no such file")
        writer.close(analysis, [path for path in artifacts if path.exists()], start_time=start_time)
        writer.log_models(models, start_time)

    def report(self, writer: Writer | None) -> SyncReport:
        """All of it so far."""
        with self._lock:
            created, updated, unchanged = (self._counts[name] for name in ("created", "updated", "unchanged"))
            experiment_id = None if writer is None else writer.store.experiment_id
            return SyncReport(created, updated, unchanged, tuple(self._problems), experiment_id)
