"""What is to be run next of a search, and what to do with a record when it comes in."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import count, takewhile
from typing import TYPE_CHECKING, Literal

import numpy as np

from ssc_tune.design.cells import Cell, Placement, make_cell
from ssc_tune.design.fixed_source import FixedSource, Score, act_on_all
from ssc_tune.design.points import SEARCH_STRIDE, Point, fixed_points, search_of
from ssc_tune.design.storage import PointLedger
from ssc_tune.late import Late
from ssc_tune.study.model.designs import SearchDesign
from ssc_tune.study.model.space import Value
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    import optuna
else:
    optuna = Late("optuna")

Search = tuple[str, str, str, int]  # and number of the search


class SearchSource:
    """Adaptive search: an Optuna sampler a method and search proposes points from what earlier ones scored.

    Each proposal is seeded by (design seed, number of the search, number of the point), so that a study that was
    stopped goes on with new points instead of repeating old ones. Points are asked for only when a worker is free. With
    a pruner the seeds of a point run one after another, and what is left of a hopeless point is not run.

    Searches know nothing of one another but the defaults, which begin every search and are run once.
    """

    def __init__(
        self, study: Study, score: Score, earlier: Sequence[tuple[Placement, Mapping[str, Value]]] = ()
    ) -> None:
        assert isinstance(study.design, SearchDesign)
        self.study, self._design, self._score = study, study.design, score
        self._earlier = earlier
        self._searches: list[Search] = [
            (block, setting, method, search)
            for search in range(study.design.searches)
            for block in study.blocks
            for setting in study.setting_names
            for method in study.block_methods(block)
        ]
        self._ledgers: dict[Search, PointLedger] = {}
        self._points: dict[Search, set[int]] = {}
        self._cells_of: dict[tuple[Search, int], list[Cell]] = {}
        self._queue: deque[Cell] = deque()
        self._given: set[str] = set()  # queued or handed out at some time
        self._out: set[str] = set()  # handed out and not yet back

    @property
    def cells(self) -> list[Cell]:
        """Cells of the points proposed so far, the defaults once; of a pruned point those that ran."""
        return [
            cell
            for (search, number), cells in self._cells_of.items()
            if number % SEARCH_STRIDE or number == 0
            for cell in cells
            if not self._ledgers[search].is_told(number) or self._score(cell.cell_id) is not None
        ]

    @property
    def num_to_run(self) -> int:
        """Cells still to be handed out, those of points not yet proposed included."""
        proposed = sum(len(points) for points in self._points.values())
        points = len(self._searches) * (self._design.points + 1) - proposed
        waiting = {
            cell.cell_id
            for (search, number), cells in self._cells_of.items()
            if not self._ledgers[search].is_told(number)
            for cell in cells
            if cell.cell_id not in self._given and self._score(cell.cell_id) is None
        }
        return max(0, points) * self.study.seeds + len(waiting) + len(self._queue)

    def open(self, storage: optuna.storages.BaseStorage) -> None:
        """Opens the Optuna studies, restores points from records, and queues what is missing."""
        for search in self._searches:
            block, setting, method, index = search
            ledger = PointLedger(self.study, storage, block=block, setting=setting, method=method, search=index)
            self._ledgers[search] = ledger
            names = self.study.block_parameters(block)
            ledger.put(Point(index * SEARCH_STRIDE, fixed_points(self.study, block)[0].values))
            for place, values in self._earlier:
                if (place.block, place.setting, place.method, search_of(place.point)) == search:
                    kept = {name: values[name] for name in names if name in values}
                    ledger.put(Point(place.point, kept))
            points = ledger.known()
            self._points[search] = set(points)
            for number in sorted(points):
                self._begin(search, Point(number, points[number]))

    def _begin(self, search: Search, point: Point) -> None:
        self._cells_of[search, point.number] = [
            make_cell(self.study, Placement(*search[:3], point.number, seed), point.values)
            for seed in range(self.study.seeds)
        ]
        self._advance((search, point.number))

    def _advance(self, key: tuple[Search, int]) -> None:
        """Tells what is known of a point, and queues what it needs next, also where it could not be told."""
        cells, ledger, number = self._cells_of[key], self._ledgers[key[0]], key[1]
        if ledger.is_told(number):
            return
        scores = list(takewhile(lambda score: score is not None, (self._score(cell.cell_id) for cell in cells)))
        done = [score for score in scores if score is not None]
        over = len(done) == len(cells)
        try:
            over = self._tell(ledger, number, done, len(cells))
        finally:
            if not over:
                self._give(cells if self._design.pruner == "none" else cells[len(done) : len(done) + 1])

    def _tell(self, ledger: PointLedger, number: int, done: Sequence[float], most: int) -> bool:
        """Tells what is known of a point; whether it has its value now, of all its ``most`` seeds or pruned."""
        for seed, accuracy in enumerate(done):
            ledger.report(number, seed, accuracy)
            if seed + 1 < most and self._design.pruner != "none" and ledger.is_hopeless(number, make_pruner()):
                ledger.tell(number, done[: seed + 1], pruned=True)
                return True
        if len(done) == most:
            ledger.tell(number, done)
        return len(done) == most

    def _give(self, cells: Sequence[Cell]) -> None:
        for cell in cells:
            if cell.cell_id not in self._given and self._score(cell.cell_id) is None:
                self._given.add(cell.cell_id)
                self._queue.append(cell)

    def next(self) -> Cell | Literal["wait"] | None:
        """The next cell, of a new point if need be; none when every search has its points and no cell is out."""
        while not self._queue:
            unfinished = [s for s in self._searches if len(self._points[s]) <= self._design.points]
            if not unfinished:
                return "wait" if self._out else None
            search = min(unfinished, key=lambda s: len(self._points[s]))
            number = next(n for n in count(search[3] * SEARCH_STRIDE) if n not in self._points[search])
            try:
                point = self._ledgers[search].ask(number, make_sampler(self._design, number))
            except Exception:  # of the storage; it is asked again when a cell has ended, or in a new launch
                if self._out:
                    return "wait"
                raise
            self._points[search].add(number)
            self._begin(search, point)
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
        """A cell has its record.

        Raises:
            Exception: the Optuna storage did not take it; it is told when this is closed.
        """
        self._out.discard(cell_id)
        keys = [key for key, cells in self._cells_of.items() if any(c.cell_id == cell_id for c in cells)]
        act_on_all(self._advance, keys)

    def close(self) -> None:
        """Tells the Optuna storage what it missed while it did not answer.

        Raises:
            Exception: it does not answer yet; opening it again tells it too.
        """
        act_on_all(self._advance, list(self._cells_of))
        act_on_all(PointLedger.end_nameless, self._ledgers.values())


def make_pruner() -> optuna.pruners.WilcoxonPruner:
    """Optuna's Wilcoxon signed-rank pruner over seeds, one-sided at 0.1 against the best point so far.

    With n seeds the smallest p is 2^-n, so that the first decision can come after the fourth.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.pruners.WilcoxonPruner(p_threshold=0.1, n_startup_steps=2)


def make_sampler(design: SearchDesign, number: int) -> optuna.samplers.BaseSampler:
    """The sampler of a point, seeded by the design's seed, the point's search and its number there.

    Methods share the seeds of their searches, so that search s of one is paired with search s of the other.
    """
    search, index = divmod(number, SEARCH_STRIDE)
    key = (search,) if search else ()
    seed = int(np.random.SeedSequence([design.seed, index], spawn_key=key).generate_state(1)[0])
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
    return SearchSource(study, score, earlier) if study.design.adaptive else FixedSource(study, score)
