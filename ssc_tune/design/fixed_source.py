"""What is to be run next of a fixed design, and what to do with a record when it comes in."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeVar

from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.design.points import fixed_points
from ssc_tune.design.storage import PointLedger
from ssc_tune.design.work import longest_first
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    import optuna

Score = Callable[[str], float | None]
"""Validation accuracy of a cell id, chance level where it diverged or failed; none while it has no record."""

Group = tuple[str, str, str]  # block, setting, method

SECONDS = 30.0
"""How long an Optuna storage that failed is left alone."""

Item = TypeVar("Item")


def act_on_all(act: Callable[[Item], None], items: Iterable[Item]) -> None:
    """Acts on every item, whatever happens with the others.

    Raises:
        Exception: the first that was raised, when all have had their turn.
    """
    errors: list[Exception] = []
    for item in items:
        try:
            act(item)
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]


class FixedSource:
    """The cells of a fixed design that have no record, the longest first; each id once."""

    def __init__(self, study: Study, score: Score) -> None:
        self.study = study
        self.cells = fixed_cells(study)
        missing: dict[str, Cell] = {}
        for cell in self.cells:
            if score(cell.cell_id) is None:
                missing.setdefault(cell.cell_id, cell)
        self._queue = deque(longest_first(missing.values()))
        self._score = score
        self._storage: optuna.storages.BaseStorage | None = None
        self._missed, self._rests_until = False, 0.0  # whether the storage has failed, and until when it rests
        self._ledgers: dict[Group, PointLedger] = {}
        self._by_point: dict[tuple[Group, int], list[str]] = {}
        self._points_of: dict[str, set[tuple[Group, int]]] = {}
        for cell in self.cells:
            p = cell.placement
            key = ((p.block, p.setting, p.method), p.point)
            self._by_point.setdefault(key, []).append(cell.cell_id)
            self._points_of.setdefault(cell.cell_id, set()).add(key)

    @property
    def num_to_run(self) -> int:
        """Cells still to be handed out."""
        return len(self._queue)

    def open(self, storage: optuna.storages.BaseStorage) -> None:
        """Puts the points into the Optuna storage, and tells it of those that are complete."""
        self._storage = storage
        with self._resting_after_an_error():
            for block in self.study.blocks:
                points = fixed_points(self.study, block)
                for setting in self.study.setting_names:
                    for method in self.study.block_methods(block):
                        ledger = PointLedger(self.study, storage, block=block, setting=setting, method=method)
                        for point in points:
                            ledger.put(point)
                        self._ledgers[block, setting, method] = ledger
            act_on_all(self._tell, self._by_point)

    def close(self) -> None:
        """Tells the Optuna storage what it missed while it did not answer.

        Raises:
            Exception: it does not answer yet; opening it again tells it too.
        """
        if self._storage is not None and self._missed:
            self.open(self._storage)

    def next(self) -> Cell | Literal["wait"] | None:
        """The next cell; none when all are out."""
        return self._queue.popleft() if self._queue else None

    def give_back(self, cells: Sequence[Cell]) -> None:
        """Cells that were handed out and came back without a record."""
        self._queue.extendleft(reversed(cells))

    def finished(self, cell_id: str) -> None:
        """A cell has its record.

        Raises:
            Exception: the Optuna storage did not take it; it is left alone for a while, and told when this is closed.
        """
        if time.monotonic() >= self._rests_until:
            with self._resting_after_an_error():
                act_on_all(self._tell, self._points_of.get(cell_id, ()))

    def lost(self, cell_id: str) -> None:
        """A cell came back without a record; nothing waits for it."""

    @contextmanager
    def _resting_after_an_error(self) -> Iterator[None]:
        """An error within is raised, and begins a rest of the storage: else every cell that ends would wait for it."""
        try:
            yield
        except Exception:
            self._missed, self._rests_until = True, time.monotonic() + SECONDS
            raise

    def _tell(self, key: tuple[Group, int]) -> None:
        scores = [self._score(cell_id) for cell_id in self._by_point[key]]
        complete = [score for score in scores if score is not None]
        if len(complete) == len(scores) and key[0] in self._ledgers:
            self._ledgers[key[0]].tell(key[1], complete)
