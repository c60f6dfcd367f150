"""Points of a fixed design: known before anything runs.

Point 0 is always the defaults. A parameter's place in the search space decides its column of the sequence, so that
points stay paired over methods, seeds and blocks, and adding a parameter at the end, or more points, changes none
of those there are.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssc_tune.study.model.designs import DrawnDesign
from ssc_tune.study.model.space import Value
from ssc_tune.study.model.study import Study

MAX_PARAMETERS = 32
"""Columns of the Sobol sequence that is always drawn, whatever the number of parameters."""


SEARCH_STRIDE = 10_000_000
"""Search s has the points s * SEARCH_STRIDE + 1, + 2, ...; point 0, the defaults, is one for all searches. No design
has as many points."""


class Point(NamedTuple):
    """One row of the design."""

    number: int
    values: dict[str, Value]  # of the block's parameters


def search_of(number: int) -> int:
    """Which search a point belongs to: 0 for every point of another design."""
    return number // SEARCH_STRIDE


def label(number: int) -> str:
    """A point in words: ``3``, or ``3 of search 2`` beyond the first search, which is search 0."""
    search, within = divmod(number, SEARCH_STRIDE)
    return f"{within} of search {search}" if search else str(within)


def sobol(points: int, seed: int) -> NDArray[np.float64]:
    """The first ``points`` rows of a scrambled Sobol sequence in 32 dimensions, values in [0, 1).

    Scrambling: linear matrix and digital shift, by ``scipy.stats.qmc.Sobol``. A power of two is balanced; other
    numbers are the same sequence cut short. Any choice of columns is again a scrambled Sobol sequence.
    """
    from scipy.stats import qmc

    engine = qmc.Sobol(MAX_PARAMETERS, scramble=True, rng=np.random.default_rng(seed))
    rows: NDArray[np.float64] = engine.random_base2(max(0, math.ceil(math.log2(points))))[:points]
    return rows


def uniform(points: int, seed: int) -> NDArray[np.float64]:
    """Independent uniform rows, extendable: column c is drawn from its own generator, seeded (seed, c)."""
    columns = [np.random.default_rng([seed, column]).random(points) for column in range(MAX_PARAMETERS)]
    return np.stack(columns, axis=1)


def fixed_points(study: Study, block: str) -> list[Point]:
    """Points of a block, the defaults first; for an adaptive design the defaults alone."""
    names = study.block_parameters(block)
    space = study.search_space.parameters
    default = {name: space[name].default for name in names}
    made = POINTS.get(study.design.name())
    rows = [default, *(made(study, names, default) if made else [])]
    return [Point(number, values) for number, values in enumerate(rows)]


Rows = list[dict[str, Value]]
Maker = Callable[[Study, tuple[str, ...], dict[str, Value]], Rows]


def _drawn(draw: Callable[[int, int], NDArray[np.float64]]) -> Maker:
    """Points from rows in the unit cube; a parameter has the column of its place in the search space."""

    def rows(study: Study, names: tuple[str, ...], default: dict[str, Value]) -> Rows:
        design, space = study.design, study.search_space.parameters
        assert isinstance(design, DrawnDesign)
        columns = {name: list(space).index(name) for name in names}
        unit = draw(design.points, design.seed)
        return [{name: space[name].from_unit(float(row[columns[name]])) for name in names} for row in unit]

    return rows


def _crossed(study: Study, names: tuple[str, ...], default: dict[str, Value]) -> Rows:
    levels = study.design.named_levels or {}
    each = [levels.get(name, (default[name],)) for name in names]
    return [dict(zip(names, row, strict=True)) for row in itertools.product(*each)]


def _one_at_a_time(study: Study, names: tuple[str, ...], default: dict[str, Value]) -> Rows:
    levels = study.design.named_levels or {}
    return [{**default, name: level} for name in names for level in levels.get(name, ()) if level != default[name]]


POINTS: dict[str, Maker] = {
    "sobol": _drawn(sobol),
    "random": _drawn(uniform),
    "grid": _crossed,
    "one-at-a-time": _one_at_a_time,
}
"""The points of each design beside the defaults, by the design's name; one that is not here has none beforehand."""
