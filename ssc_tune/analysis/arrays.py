"""From tables to arrays: one method's scores in one block and setting, points first and seeds second."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssc_tune.analysis.tables import Tables
from ssc_tune.analysis.variance import FloatArray
from ssc_tune.study.models import Study
from ssc_tune.study.space import ChoiceParameter

Policy = Literal["chance", "dropped", "worst", "simulated"]
"""What a diverged or failed cell scores: 1/num_classes; its point is left out; 0. In simulations no cell fails."""

RESULTS = ("ok", "diverged", "failed")
"""Statuses that are a result. A cell lost to its machine is missing until it has been run again."""


class Scores(NamedTuple):
    """One method's scores at the N complete points (a score for each of the R seeds) of a block and setting."""

    points: NDArray[np.int64]  # (N,) indices into the design
    seeds: NDArray[np.int64]  # (R,)
    test: FloatArray  # (N, R)
    validation: FloatArray  # (N, R)
    failed: NDArray[np.bool_]  # (N, R) diverged or failed
    default_test: FloatArray  # (R,) at point 0; empty where a cell of it is missing
    default_validation: FloatArray  # (R,)
    default_failed: NDArray[np.bool_]  # (R,)
    num_designed: int  # points of the design that count, complete or not

    @property
    def num_incomplete(self) -> int:
        """Points of the design that lack a cell (or, when failed cells are dropped, have a failed one)."""
        return self.num_designed - len(self.points)

    def at(self, points: NDArray[np.int64]) -> Scores:
        """The same at fewer points, which must all be there."""
        index = np.searchsorted(self.points, points)
        assert (self.points[index] == points).all()
        return self._replace(
            points=points, test=self.test[index], validation=self.validation[index], failed=self.failed[index]
        )


def select(frame: pd.DataFrame, block: str, setting: str, method: str | None = None) -> pd.DataFrame:
    """The rows of a block and setting, and of a method where one is named."""
    chosen = (frame["block"] == block) & (frame["setting"] == setting)
    if method is not None:
        chosen &= frame["method"] == method
    return frame[chosen]


def counts_defaults(study: Study) -> bool:
    """Whether point 0, the defaults, is a draw of the design.

    It is the centre of a one-at-a-time design. Sobol, random, grid and adaptive designs have all their points from 1
    on: there it was added, and would be no draw from the space.
    """
    return study.design.type == "one-at-a-time"


def load(study: Study, tables: Tables, *, block: str, setting: str, method: str, policy: Policy = "chance") -> Scores:
    """Scores of a method, failed cells by ``policy``; points without a record for every seed are left out."""
    expected = select(tables.expected, block, setting, method)
    cells = select(tables.cells, block, setting, method)
    cells = cells[cells["status"].isin(RESULTS)]
    seeds = np.unique(expected["seed"].to_numpy(dtype=np.int64))
    designed = np.unique(expected["point"].to_numpy(dtype=np.int64))
    cells = cells[cells["point"].isin(designed) & cells["seed"].isin(seeds)]
    failed = cells["status"].to_numpy() != "ok"
    lost = _score_of_failure(cells, policy)

    def grid(values: NDArray[np.float64]) -> FloatArray:
        array = np.full((len(designed), len(seeds)), np.nan)
        rows = np.searchsorted(designed, cells["point"].to_numpy(dtype=np.int64))
        array[rows, np.searchsorted(seeds, cells["seed"].to_numpy(dtype=np.int64))] = values
        return array

    test, validation = (
        grid(np.where(failed, lost, cells[f"{split}_accuracy"].to_numpy(dtype=np.float64)))
        for split in ("test", "validation")
    )
    lost_cells = np.nan_to_num(grid(failed.astype(np.float64))) > 0
    complete = np.isfinite(test).all(axis=1) & np.isfinite(validation).all(axis=1)
    counted = complete & (counts_defaults(study) | (designed != 0))
    base = complete & (designed == 0)
    return Scores(
        points=designed[counted],
        seeds=seeds,
        test=test[counted],
        validation=validation[counted],
        failed=lost_cells[counted],
        default_test=test[base].reshape(-1),
        default_validation=validation[base].reshape(-1),
        default_failed=lost_cells[designed == 0].reshape(-1),
        num_designed=int((counts_defaults(study) | (designed != 0)).sum()),
    )


def _score_of_failure(cells: pd.DataFrame, policy: Policy) -> NDArray[np.float64]:
    if policy == "chance":
        classes: NDArray[np.float64] = cells["num_classes"].to_numpy(dtype=np.float64)
        return 1 / classes
    return np.full(len(cells), np.nan if policy == "dropped" else 0.0)


def paired(first: Scores, second: Scores) -> tuple[Scores, Scores]:
    """Both at the points that both have."""
    common = np.intersect1d(first.points, second.points)
    return first.at(common), second.at(common)


class Coordinates(NamedTuple):
    """Where points lie in the unit cube of a block's parameters, each on its own scale."""

    names: tuple[str, ...]
    unit: FloatArray  # (N, P)
    default: FloatArray  # (P,)
    ordered: NDArray[np.bool_]  # (P,) False for choices, which have no order


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


def inside(where: Coordinates, scale: float) -> NDArray[np.bool_]:
    """Which points (N,) lie in the sub-box shrunk by ``scale`` about the defaults; choices do not restrict it."""
    low, high = (1 - scale) * where.default, (1 - scale) * where.default + scale
    outside = (where.unit < low - 1e-9) | (where.unit > high + 1e-9)
    return np.asarray(~(outside & where.ordered).any(axis=1))
