"""Halves of the seeds: one chooses a point, the other scores it."""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from ssc_tune.analysis.estimators.variance import FloatArray, table

_MAX_SPLITS = 252  # every half of up to 10 seeds
ONE_SEED = "one seed: the best cannot be chosen and scored on different seeds"


def points_by_seeds(y: ArrayLike) -> FloatArray:
    """``y`` as float64 of shape (N, R); a vector is N points with one value each.

    Raises:
        ValueError: no values, more than two axes, or values that are not finite.
    """
    values = np.asarray(y, dtype=np.float64)
    if values.ndim == 1:
        values = values[:, None]
    return table(values)


def seed_splits(num_seeds: int, *, rng: np.random.Generator | None = None) -> list[tuple[FloatArray, FloatArray]]:
    """Pairs (choose, score) of weights over seeds, (R,) each, that average over one half of the seeds or the other.

    All halves for up to 10 seeds; otherwise 252 random ones from ``rng`` (default ``default_rng(0)``). Every split
    is used both ways, so that each seed scores as often as every other and seed effects cancel.

    Raises:
        ValueError: fewer than two seeds.
    """
    if num_seeds < 2:
        raise ValueError(ONE_SEED)
    size = num_seeds // 2
    if num_seeds <= 10:
        halves = [list(half) for half in itertools.combinations(range(num_seeds), size)]
    else:
        rng = np.random.default_rng(0) if rng is None else rng
        halves = [list(rng.permutation(num_seeds)[:size]) for _ in range(_MAX_SPLITS // 2)]
    both_ways = num_seeds > 10 or num_seeds % 2 == 1  # otherwise the other half is among the halves
    pairs = []
    for half in halves:
        first = np.zeros(num_seeds)
        first[half] = 1.0
        second = 1.0 - first
        first, second = first / first.sum(), second / second.sum()
        pairs += [(first, second), (second, first)] if both_ways else [(first, second)]
    return pairs


@lru_cache(maxsize=32)
def split_weights(num_seeds: int) -> tuple[FloatArray, FloatArray]:
    """The pairs of :func:`seed_splits` as two matrices (R, S), choose and score; not to be written to."""
    pairs = seed_splits(num_seeds)
    choose, score = (np.stack(side, axis=1) for side in zip(*pairs, strict=True))
    choose.flags.writeable = score.flags.writeable = False
    return choose, score
