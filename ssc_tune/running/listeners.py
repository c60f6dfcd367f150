"""Who is told of a run's cells: the records in memory, the search, MLflow's view."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from ssc_tune.design.cells import Cell, Placement
from ssc_tune.execution.listening import Listener
from ssc_tune.records import Record, StudyFolder
from ssc_tune.records.store import ATTEMPTS
from ssc_tune.recurring import every

if TYPE_CHECKING:
    from ssc_tune.design.look_source import Source
    from ssc_tune.tracking import Tracker

_SECONDS = 0.2
"""Between two looks whether a worker is at a cell."""
_LONG = 30.0
"""Seconds from the first cell handed out in which workers have begun, also where this machine cannot see it."""


class Ledger(Listener):
    """The records of a study as they come, and the seconds that were trained.

    Args:
        records: those there are; the ledger adds to them.
    """

    what = "the records in memory, which the next run reads from disk"

    def __init__(self, records: Mapping[str, Record]) -> None:
        self.records = dict(records)
        self.trained = 0.0

    def finished(self, cell: Cell, record: Record) -> None:
        """Keeps the record."""
        self.records[cell.cell_id] = record
        self.trained += record.result.seconds

    def score(self, cell_id: str) -> float | None:
        """What a search goes by: validation accuracy, chance for a cell that ended without one, none before its end."""
        record = self.records.get(cell_id)
        if record is None:
            return None
        accuracy = record.result.validation_accuracy
        return 1 / record.num_classes if accuracy is None else accuracy

    @property
    def num_failed_and_lost(self) -> tuple[int, int]:
        """Cells that failed, and those that their machine has."""
        found = [record.result.status for record in self.records.values()]
        return found.count("failed"), found.count("infrastructure")


class AtWork(Listener):
    """Acts once, as soon as a worker is at a cell: on the machine of the workers, what begins before takes their time.

    Args:
        folder: of the study's records.
        act: what is done; it returns soon.
    """

    what = "what begins with the first cell"

    def __init__(self, folder: StudyFolder, act: Callable[[], None]) -> None:
        self._folder, self._act = folder, act
        self._given: list[Path] = []
        self._limit = math.inf
        self._lock, self._acted = threading.Lock(), False

    def watched(self) -> AbstractContextManager[None]:
        """The block in which a worker may begin."""
        return every(_SECONDS, self._look, name="at work")

    def started(self, cell: Cell) -> None:
        """The worker that the cell was handed to may be starting still."""
        if not self._acted:
            self._limit = min(self._limit, time.monotonic() + _LONG)
            self._given.append(self._folder.cell(cell.cell_id) / ATTEMPTS)

    def finished(self, cell: Cell, record: Record) -> None:
        """A worker was at it."""
        self._once()

    def close(self) -> None:
        """No worker will come any more."""
        self._once()

    def _look(self) -> bool:
        if time.monotonic() > self._limit or any(path.exists() for path in list(self._given)):
            self._once()
        return self._acted

    def _once(self) -> None:
        with self._lock:
            if not self._acted:
                self._acted = True
                self._act()


class NearEnd(Listener):
    """Acts once, when one cell is left: the other workers' cores have nothing to do by then.

    Args:
        source: of the study's design.
        act: what is done; it returns soon.
    """

    what = "the processes that draw, which a report can do without"

    def __init__(self, source: Source, act: Callable[[], None]) -> None:
        self._source, self._act = source, act
        self._out: set[str] = set()
        self._acted = False

    def started(self, cell: Cell) -> None:
        """It is left until it has its record."""
        self._out.add(cell.cell_id)

    def finished(self, cell: Cell, record: Record) -> None:
        """One less is left."""
        self._out.discard(cell.cell_id)
        if not self._acted and len(self._out) == 1 and not self._source.num_to_run:
            self._acted = True
            self._act()


class Tracked(Listener):
    """Hands every record to MLflow's view.

    Args:
        tracker: a started one; what has the last word (:meth:`ssc_tune.tracking.Tracker.finish`) closes it.
        places: of each cell in the design, by its id.
    """

    what = "MLflow's view, which ssc-tune sync completes"

    def __init__(self, tracker: Tracker, places: Mapping[str, Sequence[Placement]]) -> None:
        self._tracker, self._places = tracker, places

    def finished(self, cell: Cell, record: Record) -> None:
        """Writes the cell's run."""
        self._tracker.cell(record, self._places.get(cell.cell_id, [cell.placement]))


class Told(Listener):
    """Tells a source of cells which of those that it gave out have ended."""

    what = "Optuna's storage, which the end of a run completes"

    def __init__(self, source: Source) -> None:
        self._source = source

    def finished(self, cell: Cell, record: Record) -> None:
        """The source may give out what waited for it."""
        self._source.finished(cell.cell_id)

    def close(self) -> None:
        """Tells the Optuna storage what it missed while it did not answer."""
        self._source.close()
