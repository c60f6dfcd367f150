"""What is to be run next, and what to do with a record when it comes in."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import count, takewhile
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

    def lost(self, cell_id: str) -> None:
        """A cell came back without a record; nothing waits for it."""

    def _tell(self, key: tuple[Group, int]) -> None:
        scores = [self._score(cell_id) for cell_id in self._by_point[key]]
        complete = [score for score in scores if score is not None]
        if len(complete) == len(scores) and key[0] in self._ledgers:
            self._ledgers[key[0]].tell(key[1], complete)


class SearchSource:
    """Adaptive search: an Optuna sampler a method proposes points from what earlier ones scored.

    Each proposal is seeded by (design seed, number of the point), so that a study that was stopped goes on with new
    points instead of repeating old ones. Points are asked for only when a worker is free. With a pruner the seeds of a
    point run one after another, and what is left of a hopeless point is not run.
    """

    def __init__(
        self, study: Study, score: Score, earlier: Sequence[tuple[Placement, Mapping[str, Value]]] = ()
    ) -> None:
        assert isinstance(study.design, SearchDesign)
        self.study, self._design, self._score = study, study.design, score
        self._earlier = earlier
        self._groups: list[Group] = [
            (block, setting, method)
            for block in study.blocks
            for setting in study.setting_names
            for method in study.block_methods(block)
        ]
        self._ledgers: dict[Group, PointLedger] = {}
        self._points: dict[Group, set[int]] = {}
        self._cells_of: dict[tuple[Group, int], list[Cell]] = {}
        self._queue: deque[Cell] = deque()
        self._given: set[str] = set()  # queued or handed out at some time
        self._out: set[str] = set()  # handed out and not yet back

    @property
    def cells(self) -> list[Cell]:
        """Cells of the points proposed so far; of a pruned point those that ran."""
        return [
            cell
            for key, cells in self._cells_of.items()
            for cell in cells
            if not self._ledgers[key[0]].is_told(key[1]) or self._score(cell.cell_id) is not None
        ]

    @property
    def num_to_run(self) -> int:
        """Cells still to be handed out, those of points not yet proposed included."""
        proposed = sum(len(points) for points in self._points.values())
        points = len(self._groups) * (self._design.points + 1) - proposed
        waiting = {
            cell.cell_id
            for key, cells in self._cells_of.items()
            if not self._ledgers[key[0]].is_told(key[1])
            for cell in cells
            if cell.cell_id not in self._given and self._score(cell.cell_id) is None
        }
        return max(0, points) * self.study.seeds + len(waiting) + len(self._queue)

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
            self._points[group] = set(points)
            for index in sorted(points):
                self._begin(group, Point(index, points[index]))

    def _begin(self, group: Group, point: Point) -> None:
        self._cells_of[group, point.number] = [
            make_cell(self.study, Placement(*group, point.number, seed), point.values)
            for seed in range(self.study.seeds)
        ]
        self._advance((group, point.number))

    def _advance(self, key: tuple[Group, int]) -> None:
        """Tells what is known of a point, and queues what it needs next."""
        cells, ledger, index = self._cells_of[key], self._ledgers[key[0]], key[1]
        if ledger.is_told(index):
            return
        scores = list(takewhile(lambda score: score is not None, (self._score(cell.cell_id) for cell in cells)))
        done = [score for score in scores if score is not None]
        for seed, accuracy in enumerate(done):
            ledger.report(index, seed, accuracy)
            if seed + 1 < len(cells) and self._design.pruner != "none" and ledger.is_hopeless(index, make_pruner()):
                ledger.tell(index, done[: seed + 1], pruned=True)
                return
        if len(done) == len(cells):
            ledger.tell(index, done)
        elif self._design.pruner == "none":
            self._give(cells)
        else:
            self._give(cells[len(done) : len(done) + 1])

    def _give(self, cells: Sequence[Cell]) -> None:
        for cell in cells:
            if cell.cell_id not in self._given and self._score(cell.cell_id) is None:
                self._given.add(cell.cell_id)
                self._queue.append(cell)

    def next(self) -> Cell | Literal["wait"] | None:
        """The next cell, of a new point if need be; none when every method has its points and no cell is out."""
        while not self._queue:
            open_groups = [g for g in self._groups if len(self._points[g]) <= self._design.points]
            if not open_groups:
                return "wait" if self._out else None
            group = min(open_groups, key=lambda g: len(self._points[g]))
            index = next(number for number in count() if number not in self._points[group])
            self._points[group].add(index)
            self._begin(group, self._ledgers[group].ask(index, make_sampler(self._design, index)))
        cell = self._queue.popleft()
        self._out.add(cell.cell_id)
        return cell

    def give_back(self, cells: Sequence[Cell]) -> None:
        """Cells that were handed out and came back without a record."""
        self._out -= {cell.cell_id for cell in cells}
        self._queue.extendleft(reversed(cells))

    def lost(self, cell_id: str) -> None:
        """A cell came back without a record; it is not waited for any more."""
        self._out.discard(cell_id)

    def finished(self, cell_id: str) -> None:
        """A cell has its record."""
        self._out.discard(cell_id)
        for key in [key for key, cells in self._cells_of.items() if any(c.cell_id == cell_id for c in cells)]:
            self._advance(key)


def make_pruner() -> optuna.pruners.WilcoxonPruner:
    """Optuna's Wilcoxon signed-rank pruner over seeds, one-sided at 0.1 against the best point so far.

    With n seeds the smallest p is 2^-n, so that the first decision can come after the fourth.
    """
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.pruners.WilcoxonPruner(p_threshold=0.1, n_startup_steps=2)


def make_sampler(design: SearchDesign, index: int) -> optuna.samplers.BaseSampler:
    """The sampler of point ``index``, seeded by the design's seed and that number."""
    import numpy as np
    import optuna

    seed = int(np.random.SeedSequence([design.seed, index]).generate_state(1)[0])
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
