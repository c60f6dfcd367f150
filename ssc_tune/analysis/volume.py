"""Near-optimal volume: how much of the search space is almost as good as the best of it.

The measured best of N noisy points is too good by E[max of N] * sd_error / sqrt(R). Everything here therefore chooses
the best point on one half of the seeds and scores it on the other.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ssc_tune.analysis import intervals
from ssc_tune.analysis.variance import FloatArray as Array
from ssc_tune.analysis.variance import table

_MAX_SPLITS = 252  # every half of up to 10 seeds
ONE_SEED = "one seed: the optimism of the measured best cannot be corrected"


class NearOptimal(NamedTuple):
    """The share of points whose mean is at least ``best - delta``."""

    share: float
    low: float  # Wilson
    high: float
    delta: float
    best: float  # the reference used: corrected for optimism, or given
    uncorrected: float  # the share against the measured maximum
    reason: str  # why nothing was corrected; empty otherwise


class VolumeCurve(NamedTuple):
    """Near-optimal volume at several tolerances; all arrays of shape (len(deltas),)."""

    deltas: Array
    share: Array
    low: Array
    high: Array
    area: float  # of the curve over its deltas, divided by their span: in [0, 1]
    reason: str


def points_by_seeds(y: ArrayLike) -> Array:
    """``y`` as float64 of shape (N, R); a vector is N points with one value each.

    Raises:
        ValueError: no values, more than two axes, or values that are not finite.
    """
    values = np.asarray(y, dtype=np.float64)
    if values.ndim == 1:
        values = values[:, None]
    return table(values)


def seed_splits(num_seeds: int, *, rng: np.random.Generator | None = None) -> list[tuple[Array, Array]]:
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
    pairs = []
    for half in halves:
        first = np.zeros(num_seeds)
        first[half] = 1.0
        second = 1.0 - first
        first, second = first / first.sum(), second / second.sum()
        pairs += [(first, second), (second, first)]
    return pairs


def corrected_best(y: ArrayLike, *, choose_by: ArrayLike | None = None) -> float:
    """Mean of the best point, chosen on half the seeds and scored on the other half, averaged over the splits.

    Args:
        y: scores (N, R), higher is better.
        choose_by: scores (N, R) to choose by, validation accuracy for example; ``y`` itself when absent.

    Returns:
        NaN with one seed. It estimates the true mean of the point that half the seeds would choose, which is at most
        the true best: noise costs a little choice and never flatters.
    """
    values = points_by_seeds(y)
    order = values if choose_by is None else points_by_seeds(choose_by)
    if order.shape != values.shape:
        raise ValueError(f"choose_by has shape {order.shape}, y {values.shape}")
    if values.shape[1] < 2:
        return float("nan")
    found = [float(values[np.argmax(order @ choose)] @ score) for choose, score in seed_splits(values.shape[1])]
    return float(np.mean(found))


def near_optimal(y: ArrayLike, delta: float, *, best: float | None = None, confidence: float = 0.95) -> NearOptimal:
    """V(delta) = #{i: mean over seeds of y_i >= best - delta} / N.

    Args:
        y: scores (N, R), or (N,) where there is no noise; higher is better.
        delta: tolerance in the unit of ``y``, at least 0.
        best: the reference, for instance the larger of two methods' :func:`corrected_best`; by default this
            method's own.
        confidence: level of Wilson's interval, which treats the points as independent uniform draws. Sobol points
            are more even than that, so it errs on the wide side.

    Returns:
        With one seed and no ``best``, the share against the measured maximum, with the reason. The means of the
        other points stay noisy, which blurs the edge of the region on both sides by about sd_error / sqrt(R).

    Raises:
        ValueError: ``delta`` negative or values not finite.
    """
    if not delta >= 0:
        raise ValueError(f"delta must not be negative, got {delta}")
    values = points_by_seeds(y)
    means = values.mean(axis=1)
    reference, reason = (corrected_best(values), "") if best is None else (float(best), "")
    if np.isnan(reference):
        reference, reason = float(means.max()), ONE_SEED
    count = int(np.sum(means >= reference - delta - 1e-12))
    _, low, high, *_ = intervals.wilson(count, len(means), confidence)
    uncorrected = float(np.mean(means >= means.max() - delta - 1e-12))
    return NearOptimal(count / len(means), low, high, float(delta), reference, uncorrected, reason)


def curve(y: ArrayLike, deltas: ArrayLike, *, best: float | None = None, confidence: float = 0.95) -> VolumeCurve:
    """:func:`near_optimal` at increasing tolerances, with pointwise Wilson intervals and the normalized area.

    Raises:
        ValueError: fewer than two deltas, or not increasing.
    """
    grid = np.asarray(deltas, dtype=np.float64)
    if grid.ndim != 1 or len(grid) < 2 or not (np.diff(grid) > 0).all():
        raise ValueError("deltas must be at least two increasing tolerances")
    values = points_by_seeds(y)
    reference = best
    if reference is None and values.shape[1] > 1:
        reference = corrected_best(values)
    found = [near_optimal(values, float(delta), best=reference, confidence=confidence) for delta in grid]
    share = np.array([v.share for v in found])
    area = float(np.trapezoid(share, grid) / (grid[-1] - grid[0]))
    low, high = np.array([v.low for v in found]), np.array([v.high for v in found])
    return VolumeCurve(grid, share, low, high, area, found[0].reason)
