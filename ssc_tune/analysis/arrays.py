"""From tables to arrays: one method's scores in one block and setting, points first and seeds second."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssc_tune.analysis.estimators.multiverse import Coordinates
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.tables import Tables
from ssc_tune.design.distinct import in_order, stand_ins
from ssc_tune.design.points import search_of
from ssc_tune.study.model.space import ChoiceParameter
from ssc_tune.study.model.study import Study

Policy = Literal["chance", "dropped", "worst", "simulated"]
"""What a diverged or failed cell scores: 1/num_classes; its point is left out; 0. In simulations no cell fails."""

RESULTS = ("ok", "diverged", "failed")
"""Statuses that are a result. A cell lost to its machine is missing until it has been run again."""


class Scores(NamedTuple):
    """One method's scores at its N distinct complete points (a score for each of the R seeds) of a block and setting.

    Points with equal cells are one (:mod:`ssc_tune.design.distinct`): the first that is complete stands for them. Only
    what a search proposed stays as it is, repeats included: it is a path and no sample, several searches may meet in a
    point, and the best of them, which is all that is judged there, is the same with a copy.
    """

    points: NDArray[np.int64]  # (N,) numbers of the points, increasing
    seeds: NDArray[np.int64]  # (R,)
    test: FloatArray  # (N, R)
    validation: FloatArray  # (N, R)
    failed: NDArray[np.bool_]  # (N, R) diverged or failed
    default_test: FloatArray  # (R,) at point 0; empty where a cell of it is missing
    default_validation: FloatArray  # (R,)
    default_failed: NDArray[np.bool_]  # (R,)
    drawn: NDArray[np.int64]  # (D,) points of the design that count, complete or not, equal ones included
    same_as: NDArray[np.int64]  # (D,) for each of them the first of the points with equal cells

    @property
    def num_drawn(self) -> int:
        """Points of the design that count, complete or not."""
        return len(self.drawn)

    @property
    def num_designed(self) -> int:
        """The distinct ones among them."""
        return len(np.unique(self.same_as))

    def at(self, points: NDArray[np.int64]) -> Scores:
        """The same at fewer points, which must all be there."""
        index = np.searchsorted(self.points, points)
        assert (self.points[index] == points).all()
        return self._of_rows(index, points)

    def _of_rows(self, rows: NDArray[np.intp], points: NDArray[np.int64]) -> Scores:
        return self._replace(
            points=points, test=self.test[rows], validation=self.validation[rows], failed=self.failed[rows]
        )


def select(frame: pd.DataFrame, block: str, setting: str, method: str | None = None) -> pd.DataFrame:
    """The rows of a block and setting, and of a method where one is named."""
    chosen = (frame["block"] == block) & (frame["setting"] == setting)
    if method is not None:
        chosen &= frame["method"] == method
    return frame[chosen]


def load(study: Study, tables: Tables, *, block: str, setting: str, method: str, policy: Policy = "chance") -> Scores:
    """Scores of a method, failed cells by ``policy``; points without a record for every seed are left out."""
    expected = select(tables.expected, block, setting, method)
    cells = select(tables.cells, block, setting, method)
    cells = cells[cells["status"].isin(RESULTS)]
    seeds = np.unique(expected["seed"].to_numpy(dtype=np.int64))
    designed = np.unique(expected["point"].to_numpy(dtype=np.int64))
    cells = cells[cells["point"].isin(designed) & cells["seed"].isin(seeds)]
    failed = cells["status"].to_numpy() != "ok"
    place = _Grid(designed, seeds)
    test, validation = (place.filled(cells, scored(cells, split, policy)) for split in ("test", "validation"))
    lost_cells: NDArray[np.bool_] = np.equal(place.filled(cells, failed.astype(np.float64)), 1.0)
    complete = np.asarray(np.isfinite(np.hstack([test, validation])).all(axis=1))
    counted = np.flatnonzero(designed > 0) if not study.design.defaults_count else np.arange(len(designed))
    equal = np.arange(len(designed)) if study.design.adaptive else place.equal(expected)
    stands = dict(zip(designed[counted].tolist(), designed[counted][stand_ins(equal[counted])].tolist(), strict=True))
    there = counted[complete[counted]]
    rows = there[_kept(stand_ins(equal[there]))]
    base = complete & (designed == 0)
    drawn = in_order(study, designed[counted])
    return Scores(
        points=designed[rows],
        seeds=seeds,
        test=test[rows],
        validation=validation[rows],
        failed=lost_cells[rows],
        default_test=test[base].reshape(-1),
        default_validation=validation[base].reshape(-1),
        default_failed=lost_cells[designed == 0].reshape(-1),
        drawn=drawn,
        same_as=np.array([stands[point] for point in drawn.tolist()], dtype=np.int64),
    )


class _Grid(NamedTuple):
    """Points (D,) by seeds (R,)."""

    points: NDArray[np.int64]
    seeds: NDArray[np.int64]

    def filled(self, cells: pd.DataFrame, values: NDArray[np.float64]) -> FloatArray:
        """The values of cells, each in its place; NaN elsewhere."""
        array = np.full((len(self.points), len(self.seeds)), np.nan)
        rows = np.searchsorted(self.points, cells["point"].to_numpy(dtype=np.int64))
        array[rows, np.searchsorted(self.seeds, cells["seed"].to_numpy(dtype=np.int64))] = values
        return array

    def equal(self, expected: pd.DataFrame) -> NDArray[np.int64]:
        """A number (D,) for every point, the same for points of one search whose cells are all the same."""
        codes = self.filled(expected, pd.factorize(expected["cell_id"])[0].astype(np.float64))
        codes = np.column_stack([codes, [search_of(int(point)) for point in self.points]])
        found: NDArray[np.int64] = np.unique(np.nan_to_num(codes, nan=-1.0), axis=0, return_inverse=True)[1]
        return found.reshape(-1)


def scored(cells: pd.DataFrame, split: str = "test", policy: Policy = "chance") -> NDArray[np.float64]:
    """Accuracies of cells that have a result; of those that diverged or failed, what they score by ``policy``."""
    lost = np.full(len(cells), np.nan if policy == "dropped" else 0.0)
    if policy == "chance":
        lost = 1 / cells["num_classes"].to_numpy(dtype=np.float64)
    return np.where(cells["status"].to_numpy() == "ok", cells[f"{split}_accuracy"].to_numpy(dtype=np.float64), lost)


def paired(first: Scores, second: Scores) -> tuple[Scores, Scores]:
    """Both at the points that both have complete, every cell in one pair at most.

    Points that are distinct for one method and equal for the other are no two pairs: the pairs would share a result.
    See :mod:`ssc_tune.design.distinct` for which point is kept.
    """
    drawn = first.drawn[np.isin(first.drawn, second.drawn)]
    own = [_labels(scores, drawn) for scores in (first, second)]
    rows = [_rows(scores, labels) for scores, labels in zip((first, second), own, strict=True)]
    complete = np.flatnonzero((rows[0] >= 0) & (rows[1] >= 0))
    kept = complete[_kept(stand_ins(*(labels[complete] for labels in own)))]
    kept = kept[np.argsort(drawn[kept])]
    same_as = drawn[stand_ins(*own)]
    one, other = (
        scores._of_rows(places[kept], drawn[kept])._replace(drawn=drawn, same_as=same_as)
        for scores, places in zip((first, second), rows, strict=True)
    )
    return one, other


def _labels(scores: Scores, points: NDArray[np.int64]) -> NDArray[np.int64]:
    order = np.argsort(scores.drawn)
    return scores.same_as[order[np.searchsorted(scores.drawn, points, sorter=order)]]


def _rows(scores: Scores, labels: NDArray[np.int64]) -> NDArray[np.intp]:
    """The row (D,) of the complete point with each label; -1 where there is none."""
    row_of = {int(label): row for row, label in enumerate(_labels(scores, scores.points))}
    return np.array([row_of.get(int(label), -1) for label in labels], dtype=np.intp)


def _kept(stands: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.flatnonzero(stands == np.arange(len(stands)))


def coordinates(study: Study, tables: Tables, *, block: str, setting: str, points: NDArray[np.int64]) -> Coordinates:
    """Unit coordinates of points, 0 at ``low`` and 1 at ``high``, read from any method that has the parameter."""
    cells = select(tables.cells, block, setting)
    names = tuple(name for name in study.block_parameters(block) if name in cells.columns)
    space = study.search_space.parameters
    unit = np.full((len(points), len(names)), np.nan)
    for column, name in enumerate(names):
        # A method that lacks the parameter has no value in its column.
        known = cells[cells[name].notna()].drop_duplicates("point").set_index("point")[name]
        for row, point in enumerate(points):
            if point in known.index:
                unit[row, column] = space[name].to_unit(known[point])
    default = np.array([space[name].to_unit(space[name].default) for name in names])
    ordered = np.array([not isinstance(space[name], ChoiceParameter) for name in names], dtype=bool)
    return Coordinates(names, unit, default, ordered)
