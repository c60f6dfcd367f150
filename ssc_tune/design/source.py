"""What is to be run next, and what to do with a record when it comes in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from ssc_tune.design.cells import Cell, Placement, cells_of_point, fixed_cells, make_cell
from ssc_tune.design.points import Point, fixed_points
from ssc_tune.design.storage import PointLedger
from ssc_tune.study.models import SearchDesign, Study
from ssc_tune.study.space import Value

if TYPE_CHECKING:
    import optuna

Score = Callable[[str], float | None]
"""Validation accuracy of a cell id, chance level where it diverged or failed; none while it has no record."""

Group = tuple[str, str, str]  # block, setting, method


class FixedSource:
    """The cells of a fixed design that have no record, in order; each id once."""

    def __init__(self, study: Study, score: Score) -> None:
        self.study = study
        self.cells = fixed_cells(study)
        seen: set[str] = set()
        self._queue: deque[Cell] = deque()
        for cell in self.cells:
            if cell.cell_id not in seen and score(cell.cell_id) is None:
                self._queue.append(cell)
            seen.add(cell.cell_id)
        self._score = score
        self._ledgers: dict[Group, PointLedger] = {}
        self._by_point: dict[tuple[Group, int], list[str]] = {}
        for cell in self.cells:
            p = cell.placement
            self._by_point.setdefault(((p.block, p.setting, p.method), p.point), []).append(cell.cell_id)
        self._points_of: dict[str, set[tuple[Group, int]]] = {}
        for key, ids in self._by_point.items():
            for cell_id in ids:
                self._points_of.setdefault(cell_id, set()).add(key)

    @property
    def num_to_run(self) -> int:
        """Cells still to be handed out."""
        return len(self._queue)

    def open(self, storage: optuna.storages.BaseStorage) -> None:
        """Puts the points into the Optuna storage."""
        for block in self.study.blocks:
            points = fixed_points(self.study, block)
            for setting in self.study.setting_names:
                for method in self.study.block_methods(block):
                    ledger = PointLedger(self.study, storage, block=block, setting=setting, method=method)
                    for point in points:
                        ledger.put(point)
                    self._ledgers[block, setting, method] = ledger
        for key in self._by_point:
            self._tell(key)

    def next(self) -> Cell | Literal["wait"] | None:
        """The next cell; none when all are out."""
        return self._queue.popleft() if self._queue else None

    def give_back(self, cells: Sequence[Cell]) -> None:
        """Cells that were handed out and came back without a record."""
        self._queue.extendleft(reversed(cells))

    def finished(self, cell_id: str) -> None:
        """A cell has its record."""
        for key in self._points_of.get(cell_id, ()):
            self._tell(key)

    def _tell(self, key: tuple[Group, int]) -> None:
        scores = [self._score(cell_id) for cell_id in self._by_point[key]]
        complete = [score for score in scores if score is not None]
        if len(complete) == len(scores) and key[0] in self._ledgers:
            self._ledgers[key[0]].tell(key[1], complete)


class SearchSource:
    """Adaptive search: an Optuna sampler a method proposes points from what earlier ones scored.

    Each proposal is seeded by (design seed, number of points there are), so that a study that was stopped goes on with
    new points instead of repeating old ones. Points are asked for only when a worker is free.
    """

    def __init__(
        self, study: Study, score: Score, earlier: Sequence[tuple[Placement, Mapping[str, Value]]] = ()
    ) -> None:
        assert isinstance(study.design, SearchDesign)
        self.study, self._design, self._score = study, study.design, score
        self.cells: list[Cell] = []
        self._queue: deque[Cell] = deque()
        self._ledgers: dict[Group, PointLedger] = {}
        self._waiting: dict[tuple[Group, int], list[str]] = {}
        self._groups: list[Group] = [
            (block, setting, method)
            for block in study.blocks
            for setting in study.setting_names
            for method in study.block_methods(block)
        ]
        self._counts: dict[Group, int] = {}
        self._earlier = earlier

    @property
    def num_to_run(self) -> int:
        """Cells still to be handed out, those of points not yet proposed included."""
        total = len(self._groups) * (self._design.points + 1) * self.study.seeds
        return total - sum(self._counts.values()) * self.study.seeds + len(self._queue)

    def open(self, storage: optuna.storages.BaseStorage) -> None:
        """Opens the Optuna studies, restores points from records, and queues what is missing."""
        for group in self._groups:
            block, setting, method = group
            ledger = PointLedger(self.study, storage, block=block, setting=setting, method=method)
            self._ledgers[group] = ledger
            names = self.study.block_parameters(block)
            ledger.put(fixed_points(self.study, block)[0])
            for placement, values in self._earlier:
                if (placement.block, placement.setting, placement.method) == group:
                    kept = {name: values[name] for name in names if name in values}
                    ledger.put(Point(placement.point, kept))
            points = ledger.known()
            self._counts[group] = len(points)
            for index in sorted(points):
                self._enqueue(group, Point(index, points[index]))

    def _enqueue(self, group: Group, point: Point) -> None:
        cells = [
            make_cell(self.study, Placement(*group, point.number, seed), point.values)
            for seed in range(self.study.seeds)
        ]
        self.cells += cells
        self._waiting[group, point.number] = [cell.cell_id for cell in cells]
        self._queue.extend(cell for cell in cells if self._score(cell.cell_id) is None)
        self._tell((group, point.number))

    def next(self) -> Cell | Literal["wait"] | None:
        """The next cell, of a new point if need be; none when every method has its points."""
        if not self._queue:
            open_groups = [g for g in self._groups if self._counts[g] <= self._design.points]
            if not open_groups:
                return None
            group = min(open_groups, key=lambda g: self._counts[g])
            count = self._counts[group]
            ledger = self._ledgers[group]
            ledger.optuna.sampler = make_sampler(self._design, count)
            self._counts[group] = count + 1
            self._enqueue(group, ledger.ask(count))
        return self._queue.popleft() if self._queue else "wait"

    def give_back(self, cells: Sequence[Cell]) -> None:
        """Cells that were handed out and came back without a record."""
        self._queue.extendleft(reversed(cells))

    def finished(self, cell_id: str) -> None:
        """A cell has its record."""
        for key, ids in self._waiting.items():
            if cell_id in ids:
                self._tell(key)

    def _tell(self, key: tuple[Group, int]) -> None:
        scores = [self._score(cell_id) for cell_id in self._waiting[key]]
        complete = [score for score in scores if score is not None]
        if len(complete) == len(scores):
            self._ledgers[key[0]].tell(key[1], complete)


def make_sampler(design: SearchDesign, count: int) -> optuna.samplers.BaseSampler:
    """The sampler of the next point, seeded by the design's seed and the number of points there are."""
    import numpy as np
    import optuna

    seed = int(np.random.SeedSequence([design.seed, count]).generate_state(1)[0])
    match design.sampler:
        case "tpe":
            return optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True, n_startup_trials=8)
        case "gp":
            return optuna.samplers.GPSampler(seed=seed, n_startup_trials=8)
        case "cmaes":
            return optuna.samplers.CmaEsSampler(seed=seed)
        case "random":
            return optuna.samplers.RandomSampler(seed=seed)


def make_source(
    study: Study, score: Score, earlier: Sequence[tuple[Placement, Mapping[str, Value]]] = ()
) -> FixedSource | SearchSource:
    """The source of a study's design."""
    if isinstance(study.design, SearchDesign):
        return SearchSource(study, score, earlier)
    return FixedSource(study, score)


__all__ = ["FixedSource", "SearchSource", "cells_of_point", "make_sampler", "make_source"]
