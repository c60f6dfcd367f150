"""Near-optimal volume: how much of the search space is almost as good as the best of it.

The measured best of N noisy points is too good by E[max of N] * sd_error / sqrt(R). So "the best" is the expected
score of the best of half the points, N // 2 drawn at random, chosen by validation on one half of the seeds and scored
by test on the other. The best of all N is no stable reference: it moves with a single lucky point.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ssc_tune.analysis.estimators import budget, extremes
from ssc_tune.analysis.estimators.extremes import Sample
from ssc_tune.analysis.estimators.splits import ONE_SEED, points_by_seeds
from ssc_tune.analysis.estimators.variance import FloatArray as Array

_EDGE = 1e-12  # of rounding at the edge of the region


class VolumeCurve(NamedTuple):
    """Near-optimal volume at several tolerances; all arrays of shape (len(deltas),)."""

    deltas: Array
    share: Array
    low: Array  # NaN where there is no interval
    high: Array
    area: float  # of the curve over its deltas, divided by their span: in [0, 1]
    best: float  # the reference
    reason: str  # why there is no interval, or no held-out reference


def corrected_best(y: ArrayLike, *, choose_by: ArrayLike | None = None) -> float:
    """Mean of the best of all points, chosen on half the seeds and scored on the other half, over the splits.

    Args:
        y: scores (N, R), higher is better.
        choose_by: scores (N, R) to choose by, validation accuracy for example; ``y`` itself when absent.

    Returns:
        NaN with one seed. It estimates the true mean of the point that half the seeds would choose, which is at most
        the true best: noise costs a little choice and never flatters.
    """
    values = points_by_seeds(y)
    if values.shape[1] < 2:
        return float("nan")
    return budget.held_out_best(values, len(values), choose_by=choose_by)


def reference(test: Array, validation: Array) -> Sample:
    """Expected score of the best of half the points, chosen and scored on different seeds (K = 1).

    Raises:
        ValueError: one seed.
    """
    return extremes.expected(test, validation, [max(1, len(test) // 2)])


def shares(test: Array, best: Sample, deltas: ArrayLike) -> Sample:
    """V(delta) = #{i: mean over seeds of y_i >= best - delta} / N for K tolerances.

    Args:
        test: scores (N, R).
        best: the reference, of the same points and seeds: :func:`reference` of one method, or the better of two.
        deltas: the K tolerances, in the unit of the scores.
    """
    tolerance = np.asarray(deltas, dtype=np.float64) + _EDGE
    num_points, means = len(test), test.mean(axis=1)
    points = _count(means, best.points - tolerance) - (means[: len(best.points), None] >= best.points - tolerance)
    left = [
        _count(np.delete(test, j, 1).mean(axis=1), row - tolerance) / num_points for j, row in enumerate(best.seeds)
    ]
    return Sample(
        _count(means, best.estimate - tolerance) / num_points,
        points / max(num_points - 1, 1),
        np.stack(left) if left else np.empty((0, len(tolerance))),
    )


def _count(means: Array, thresholds: Array) -> Array:
    """How many means reach each threshold."""
    return np.asarray(len(means) - np.searchsorted(np.sort(means), thresholds, side="left"), dtype=np.float64)


def better(first: Sample, second: Sample) -> Sample:
    """The higher of two references, at each point and seed left out."""
    return Sample(*(np.maximum(a, b) for a, b in zip(first, second, strict=True)))


def curve(
    test: ArrayLike,
    deltas: ArrayLike,
    *,
    choose_by: ArrayLike | None = None,
    others: Sequence[tuple[Array, Array]] = (),
    confidence: float = 0.95,
) -> VolumeCurve:
    """The share of points within each tolerance of the best, with a pointwise interval and the area.

    The means of points stay noisy, which blurs the edge of the region on both sides by about sd_error / sqrt(R).

    Args:
        test: scores (N, R), or (N,) where there is no noise; higher is better.
        deltas: increasing tolerances, at least two, none negative.
        choose_by: scores (N, R) that choose the best, validation accuracy; ``test`` itself when absent.
        others: scores of further methods at the same points and seeds, and what chooses among them: the best is then
            that of the best method, so that being bad everywhere is no virtue.
        confidence: of the intervals, :func:`share_interval`.

    Returns:
        With one seed the measured maximum is the reference, and the reason says so; no interval for fewer than 3
        points or seeds.

    Raises:
        ValueError: fewer than two deltas, not increasing or negative, or scores that do not fit.
    """
    grid = np.asarray(deltas, dtype=np.float64)
    if grid.ndim != 1 or len(grid) < 2 or not (np.diff(grid) > 0).all() or grid[0] < 0:
        raise ValueError("deltas must be at least two increasing tolerances, none negative")
    values, chooser = budget.both_tables(test, choose_by)
    if values.shape[1] < 2:
        top = max(float(values.max()), *(float(np.max(other)) for other, _ in others), -math.inf)
        share = (values >= top - grid - _EDGE).mean(axis=0)
        nan = np.full(len(grid), math.nan)
        return VolumeCurve(grid, share, nan, nan, _area(share, grid), top, f"{ONE_SEED}; no interval")
    best = functools.reduce(better, (reference(*other) for other in others), reference(values, chooser))
    found = shares(values, best, grid)
    few = extremes.too_few(found.points, found.seeds)
    limits = np.full((len(grid), 2), math.nan)
    if not few:
        for k in range(len(grid)):
            limits[k] = share_interval(found.estimate[k], found.points[:, k], found.seeds[:, k], confidence)
    area = _area(found.estimate, grid)
    return VolumeCurve(grid, found.estimate, limits[:, 0], limits[:, 1], area, float(best.estimate[0]), few)


def _area(share: Array, grid: Array) -> float:
    return float(np.trapezoid(share, grid) / (grid[-1] - grid[0]))


def share_interval(share: float, points: Array, seeds: Array, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share at its effective number of points, points and seeds both random.

    ``n = p (1 - p) / variance`` with the jackknife variance over points (at least p (1 - p) / N) and over seeds, so
    that a moving reference and shared seeds count, and t instead of z. Where no variance shows (p of 0 or 1), n is N.
    Source of the effective number: Korn and Graubard, Survey Methodology 24 (1998).

    Args:
        share: p.
        points: p with each of the N points left out.
        seeds: p with each of the R seeds left out.
        confidence: level.
    """
    num_points, binomial = len(points), share * (1 - share)
    over_points, over_seeds = extremes.part(points), extremes.part(seeds)
    from_points = max(over_points.variance, binomial / num_points)
    variance = from_points + over_seeds.variance
    df, effective = float(num_points - 1), float(num_points)
    if variance > 0:
        df = variance**2 / (from_points**2 / over_points.df + over_seeds.variance**2 / over_seeds.df)
        effective = max(binomial / variance, 1e-9) if binomial > 0 else effective
    square = float(stats.t.ppf(0.5 + confidence / 2, df)) ** 2
    scale = 1 + square / effective
    centre = (share + square / (2 * effective)) / scale
    half = math.sqrt(square * (binomial / effective + square / (4 * effective**2))) / scale
    return max(0.0, centre - half), min(1.0, centre + half)
