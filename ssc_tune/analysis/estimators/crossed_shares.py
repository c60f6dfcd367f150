"""Intervals of shares: how probable it is that a random point with a random seed is inside.

A share is the mean of an indicator (N points, R seeds) whose cells are not independent: those of a point have the point
in common, those of a seed the seed. The number of independent cells that would carry as much is found from the two-way
variance of the mean, and the exact binomial interval is taken at that number (Korn and Graubard, Survey Methodology 24,
1998, do so for survey samples). Deviations from them, each decided by simulation (``benchmarks/coverage_shares.py``):
the number is at most N, because the variance of a rare indicator is often estimated far too small (64 points that
decide by themselves, share .03: 85% covered without the bound, 98% with it); and where the scores behind the indicator
are known, at most what their seed effects leave of it (a seed that carries 70% of the variance, share .1: 79% without,
98% with it).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ssc_tune.analysis.estimators import intervals
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.variance import FloatArray, mean_squares, table

TAIL = float(stats.norm.pdf(stats.norm.ppf(0.1)) ** 2 / (0.1 * 0.9))
"""What an effect that carries a share r of a normal variance carries of the variance of "among the lowest tenth": this
times r, to first order in r (0.342)."""

SMALLEST_P, LARGEST_P = 1e-15, 0.999


def clopper_pearson(successes: float, num: float, confidence: float = 0.95) -> tuple[float, float]:
    """The exact binomial interval of a share; both numbers may be fractional.

    ``[Beta(a/2; k, n - k + 1), Beta(1 - a/2; k + 1, n - k)]`` with a = 1 - confidence. Source: Clopper and Pearson,
    Biometrika 26 (1934).
    """
    tail = (1 - confidence) / 2
    low = 0.0 if successes <= 0 else float(stats.beta.ppf(tail, successes, num - successes + 1))
    high = 1.0 if successes >= num else float(stats.beta.isf(tail, successes + 1, num - successes))
    return low, high


def unseen_share(num_points: int, confidence: float = 0.95) -> float:
    """The share of the space that may still be inside though none of ``num_points`` random points was.

    ``1 - (1 - confidence)^(1 / N)``: a larger share would have shown itself with probability ``confidence``. One-sided.
    It is 0.171, 0.089, 0.046 at 16, 32, 64 points and 95%; 1 without a point.
    """
    intervals.check_confidence(confidence)
    return 1.0 if num_points < 1 else float(-math.expm1(math.log1p(-confidence) / num_points))


def crossed_share(inside: ArrayLike, confidence: float = 0.95, *, scores: ArrayLike | None = None) -> Interval:
    """The share of cells that are inside, points and seeds both random and crossed.

    With p the mean of ``inside`` and V its two-way variance
    (:func:`ssc_tune.analysis.estimators.intervals.two_way_mean`, df degrees of freedom), the interval is
    Clopper-Pearson's at p n* of n*::

        n* = p (1 - p) / V * (t(N R - 1) / t(df))^2,  in [1, N] and at most 1 / (1/N + TAIL r / R)

    r is the seeds' share of the variance of ``scores``, 0 without them. Where all cells are alike no variance is seen,
    and n* is the upper bound: N without ``scores``, so R seeds of a point never count as more than one point.

    Args:
        inside: (N, R), booleans or numbers in [0, 1] (a tie counts half).
        confidence: level of the interval.
        scores: (N, R), what ``inside`` was found from, accuracies for example.

    Returns:
        ``se`` and ``df`` are those of a t interval as wide as the wider half, for formulas that want a standard error.
        No interval, with the reason, for one point or one seed: that part of the error is then invisible.

    Raises:
        ValueError: not two-dimensional, not finite, outside [0, 1], or ``scores`` of another shape.
    """
    intervals.check_confidence(confidence)
    array = _indicator(inside)
    reason = intervals.too_few(array.shape, 2)
    if reason:
        return intervals.undefined(reason, float(array.mean()))
    share, low, high, df = _share(array, confidence, _bound(array.shape, _seed_part(array, scores)))
    return _as_t(share, low, high, df, confidence)


def crossed_share_difference(
    first: ArrayLike,
    second: ArrayLike,
    confidence: float = 0.95,
    *,
    scores: tuple[ArrayLike, ArrayLike] | None = None,
) -> Interval:
    """Share of ``first`` minus share of ``second`` (N, R), paired by point and seed, points and seeds both random.

    It is the share u of cells inside by ``first`` alone minus the share v of those inside by ``second`` alone, each
    with its :func:`crossed_share`; the two intervals are put together with their multinomial correlation
    ``c = -sqrt(u v / ((1 - u)(1 - v)))``::

        low = u - v - sqrt((u - u_low)^2 + (v_high - v)^2 - 2 c (u - u_low)(v_high - v)),  high alike

    Source: Newcombe, Statistics in Medicine 17 (1998); Zou and Donner, Statistics in Medicine 27 (2008). The two-way t
    of the difference of indicators is not used: it covers 78 to 93% where one share is near 0 or 1, and says nothing
    where no cell differs. This one covers 94% and more, and is 1.1 to 1.6 times as wide.

    Args and errors as for :func:`crossed_share`; ``scores`` is a pair.
    """
    intervals.check_confidence(confidence)
    x, y = _indicator(first), _indicator(second)
    if x.shape != y.shape:
        raise ValueError(f"paired indicators must have one shape, not {x.shape} and {y.shape}")
    reason = intervals.too_few(x.shape, 2)
    if reason:
        return intervals.undefined(reason, float(x.mean() - y.mean()))
    behind = (None, None) if scores is None else scores
    bound = _bound(x.shape, max(_seed_part(of, found) for of, found in zip((x, y), behind, strict=True)))
    only = np.maximum(x - y, 0), np.maximum(y - x, 0)
    (u, u_low, u_high, u_df), (v, v_low, v_high, v_df) = (_share(part, confidence, bound) for part in only)
    return _as_t(
        u - v,
        u - v - _joined(u - u_low, v_high - v, _correlation(u, v)),
        u - v + _joined(u_high - u, v - v_low, _correlation(u, v)),
        min(u_df, v_df),
        confidence,
    )


def inverted_p(interval_at: Callable[[float], Interval], value: float) -> float:
    """Two-sided p of a value: 1 minus the largest confidence at which the interval still leaves it out.

    At least SMALLEST_P; 1 above LARGEST_P, NaN where there is no interval. Intervals must be nested: wider at more
    confidence.
    """

    def outside(p: float) -> bool:
        found = interval_at(1 - p)
        return not found.low <= value <= found.high

    if not math.isfinite(interval_at(0.5).low):
        return math.nan
    low, high = math.log(SMALLEST_P), math.log(LARGEST_P)
    if not outside(math.exp(high)):
        return 1.0
    if outside(SMALLEST_P):
        return SMALLEST_P
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if outside(math.exp(middle)) else (middle, high)
    return math.exp(high)


def _indicator(inside: ArrayLike) -> FloatArray:
    array = table(inside)
    if array.min() < 0 or array.max() > 1:
        raise ValueError("an indicator must lie in [0, 1]")
    return array


def _seed_part(array: FloatArray, scores: ArrayLike | None) -> float:
    """The seeds' share of the variance of ``scores`` (N, R), in [0, 1]; 0 without scores."""
    if scores is None:
        return 0.0
    values = table(scores)
    if values.shape != array.shape:
        raise ValueError(f"scores have shape {values.shape}, the indicator {array.shape}")
    point, seed, error, _ = (float(x) for x in mean_squares(values))
    of_points, of_seeds = max(point - error, 0.0) / values.shape[1], max(seed - error, 0.0) / values.shape[0]
    total = of_points + of_seeds + error
    return of_seeds / total if total > 0 else 0.0


def _bound(shape: tuple[int, ...], seed_part: float) -> float:
    """The largest number of independent cells that N points and R seeds can stand for."""
    num_points, num_seeds = shape
    return 1 / (1 / num_points + TAIL * seed_part / num_seeds)


def _share(array: FloatArray, confidence: float, bound: float) -> tuple[float, float, float, float]:
    """Share, its interval and the degrees of freedom of its variance."""
    share, num, upper = float(array.mean()), bound, 0.5 + confidence / 2
    variance, df = _variance(array)
    if variance > 0:
        shrunk = float(stats.t.ppf(upper, array.size - 1) / stats.t.ppf(upper, df)) ** 2
        num = min(bound, share * (1 - share) / variance * shrunk)
    num = max(num, 1.0)
    return share, *clopper_pearson(share * num, num, confidence), df


def _variance(array: FloatArray) -> tuple[float, float]:
    """Two-way variance of the mean, 0 where all is alike, and degrees of freedom; see ``two_way_mean``.

    The mean squares of an indicator are often equal (all three are, where one cell is inside). Rounding must not choose
    then: the sum counts as the largest.
    """
    num_points, num_seeds = array.shape
    point, seed, error, _ = (float(x) for x in mean_squares(array))
    largest, total, df_point, df_seed = max(point, seed), point + seed - error, num_points - 1, num_seeds - 1
    if largest <= 1e-20:
        return 0.0, df_point
    if total < largest * (1 - 1e-9):
        return largest / array.size, df_seed if seed > point * (1 - 1e-9) else df_point
    df = total**2 / (point**2 / df_point + seed**2 / df_seed + error**2 / (df_point * df_seed))
    return max(total, largest) / array.size, df


def _joined(first: float, second: float, correlation: float) -> float:
    return math.sqrt(max(first**2 + second**2 - 2 * correlation * first * second, 0.0))


def _correlation(u: float, v: float) -> float:
    """Of the indicators of two events that exclude one another."""
    return 0.0 if min(u, v) <= 0 or max(u, v) >= 1 else -math.sqrt(u * v / ((1 - u) * (1 - v)))


def _as_t(share: float, low: float, high: float, df: float, confidence: float) -> Interval:
    se = max(share - low, high - share) / float(stats.t.ppf(0.5 + confidence / 2, df))
    return Interval(share, low, high, se, df)
