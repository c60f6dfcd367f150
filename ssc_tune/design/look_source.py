"""What is to be run next of a study with looks: the cells of one look and then, if it goes on, those of the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from ssc_tune.design.cell_source import SearchSource
from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.design.fixed_source import FixedSource, Score
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    import optuna


class LookSource:
    """The cells that have no record, look by look. Cells of a further look are given out when every one before is back.

    Args:
        study: a study with looks.
        score: as for other sources.
        go_on: asked when the last cell of a look but the last one has its record, with the look's points: is the next
            look to be run?
        last: points beyond which nothing is run, those of a look; all when absent.
    """

    def __init__(self, study: Study, score: Score, go_on: Callable[[int], bool], last: int | None = None) -> None:
        self.study, self._score, self._go_on = study, score, go_on
        self.cells = fixed_cells(study)
        self._storage: optuna.storages.BaseStorage | None = None
        self._out: set[str] = set()  # handed out and not yet back
        looks = [points for points in study.looks if last is None or points <= last]
        open_points = [c.placement.point for c in self.cells if score(c.cell_id) is None]
        unfinished = [points for points in looks if any(point <= points for point in open_points)]
        self._later = unfinished[1:]
        self.points = unfinished[0] if unfinished else looks[-1]
        self._inner = FixedSource(study.first_points(self.points), score)

    @property
    def num_to_run(self) -> int:
        """Cells still to be handed out, those of all further looks included."""
        further = {
            cell.cell_id
            for cell in self.cells
            if self._later and cell.placement.point <= self._later[-1] and self._score(cell.cell_id) is None
        }
        return self._inner.num_to_run + len(further - {cell.cell_id for cell in self._inner.cells})

    def open(self, storage: optuna.storages.BaseStorage) -> None:
        """Puts the points of this look, and in time of each further one, into the Optuna storage."""
        self._storage = storage
        self._inner.open(storage)

    def next(self) -> Cell | Literal["wait"] | None:
        """The next cell; ``wait`` while cells of this look are out; none when nothing is left."""
        cell = self._inner.next()
        if isinstance(cell, Cell):
            self._out.add(cell.cell_id)
            return cell
        return "wait" if self._out else None

    def give_back(self, cells: Sequence[Cell]) -> None:
        """Cells that were handed out and came back without a record."""
        self._out -= {cell.cell_id for cell in cells}
        self._inner.give_back(cells)

    def lost(self, cell_id: str) -> None:
        """A cell came back without a record; it is not waited for any more."""
        self._out.discard(cell_id)

    def finished(self, cell_id: str) -> None:
        """A cell has its record; with the last one of a look the next look begins, if there is to be one.

        Raises:
            Exception: the Optuna storage did not take it; the next look begins all the same.
        """
        self._out.discard(cell_id)
        try:
            self._inner.finished(cell_id)
        finally:
            self._go_further()

    def close(self) -> None:
        """As of a source of one look."""
        self._inner.close()

    def _go_further(self) -> None:
        while self._later and not self._inner.num_to_run and not self._out and self._complete():
            if not self._go_on(self.points):
                self._later = []
                return
            self.points = self._later.pop(0)
            self._inner = FixedSource(self.study.first_points(self.points), self._score)
            if self._storage is not None:
                self._inner.open(self._storage)

    def _complete(self) -> bool:
        return all(self._score(cell.cell_id) is not None for cell in self._inner.cells)


Source = FixedSource | SearchSource | LookSource
"""Every kind of source."""
