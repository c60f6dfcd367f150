"""Who is told of a run's cells: the records in memory, the search, MLflow's view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ssc_tune.design.cells import Cell, Placement
from ssc_tune.execution.listening import Listener
from ssc_tune.records import Record

if TYPE_CHECKING:
    from ssc_tune.design.look_source import Source
    from ssc_tune.tracking import Tracker


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
