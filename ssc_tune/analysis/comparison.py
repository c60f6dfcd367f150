"""Two methods on the same points and seeds: arrays ``a`` and ``b`` of shape (N, R), paired, higher is better."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssc_tune.analysis import intervals
from ssc_tune.analysis.intervals import Interval
from ssc_tune.analysis.spread import denoised_means
from ssc_tune.analysis.variance import FloatArray, delete_one_point_variances, point_variance, table

MIN_POINTS = 3
"""Fewest points a spread may be judged on."""


class Result(NamedTuple):
    """A paired comparison; NaN fields where undefined, and then ``reason`` says why."""

    estimate: float
    low: float
    high: float
    p_value: float
    """Two-sided."""
    se: float = math.nan
    df: float = math.nan
    statistic: float = math.nan
    """Of the test behind the p-value; positive when it points the way of a positive estimate."""
    reason: str = ""


def paired_tables(a: ArrayLike, b: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """``a`` and ``b`` as finite arrays of one shape (N, R).

    Raises:
        ValueError: they are not.
    """
    first, second = table(a), table(b)
    if first.shape != second.shape:
        raise ValueError(f"paired scores must have one shape, not {first.shape} and {second.shape}")
    return first, second


def stability(
    a: ArrayLike,
    b: ArrayLike,
    *,
    confidence: float = 0.95,
    test: Literal["t", "permutation"] = "t",
    rng: np.random.Generator | None = None,
    num_permutations: int = 10_000,
) -> Result:
    """How much more stable ``a`` is than ``b``: ln(sd_b / sd_a) over points, seed noise removed from both.

    ``estimate = 0.5 * ln(V_b / V_a)`` with V = var_point = (MS_point - MS_error) / R. Positive: ``a`` is the more
    stable. The interval is a t interval from the jackknife that leaves one point out of both methods (N - 1 degrees
    of freedom). The p-value is that of :func:`brown_forsythe`; it tests the spread of point means, which hold
    noise / R, and so it is a test of the same hypothesis only while the noise is small or alike. A verdict asks for
    both.

    NaN fields, with a reason: one seed, fewer than 3 points, or a var_point that is not positive (for the whole, or
    when some point is left out).
    """
    intervals.check_confidence(confidence)
    first, second = paired_tables(a, b)
    p_value, statistic = brown_forsythe(first, second, test=test, rng=rng, num_permutations=num_permutations)
    reason = _no_spread(first, second)
    if reason:
        return Result(math.nan, math.nan, math.nan, math.nan, reason=reason)
    estimate = 0.5 * math.log(float(point_variance(second)) / float(point_variance(first)))
    with np.errstate(invalid="ignore", divide="ignore"):
        left_out = 0.5 * np.log(delete_one_point_variances(second) / delete_one_point_variances(first))
    interval = intervals.jackknife(estimate, left_out, confidence)
    return _result(interval, p_value, statistic)


def std_difference(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95) -> Result:
    """sd_b - sd_a over points, seed noise removed; delete-one-point jackknife t interval and its p.

    For equivalence within a margin in units of accuracy; :func:`stability` is the better scale for a difference.
    """
    first, second = paired_tables(a, b)
    reason = _no_spread(first, second)
    if reason:
        return Result(math.nan, math.nan, math.nan, math.nan, reason=reason)
    estimate = math.sqrt(float(point_variance(second))) - math.sqrt(float(point_variance(first)))
    with np.errstate(invalid="ignore"):
        left_out = np.sqrt(delete_one_point_variances(second)) - np.sqrt(delete_one_point_variances(first))
    return _t_result(intervals.jackknife(estimate, left_out, confidence))


def brown_forsythe(
    a: ArrayLike,
    b: ArrayLike,
    *,
    test: Literal["t", "permutation"] = "t",
    rng: np.random.Generator | None = None,
    num_permutations: int = 10_000,
) -> tuple[float, float]:
    """Paired Brown-Forsythe test that point means of ``a`` and ``b`` (N, R) are equally spread.

    A one-sample test that ``z_i = |mean_b,i - median_b| - |mean_a,i - median_a|`` has mean 0: Student's t with N - 1
    degrees of freedom, or sign flips of z (``rng`` required).

    Returns:
        The two-sided p-value and the t statistic, positive where ``b`` is spread further; NaN if z does not vary.

    Source: Brown and Forsythe, JASA 69 (1974); paired use: Wilcox, British J. Math. Stat. Psych. 42 (1989).
    """
    first, second = (x.mean(axis=1) for x in paired_tables(a, b))
    z = np.abs(second - np.median(second)) - np.abs(first - np.median(first))
    if len(z) < MIN_POINTS or np.ptp(z) == 0:
        return math.nan, math.nan
    statistic = float(z.mean() / (z.std(ddof=1) / math.sqrt(len(z))))
    if test == "t":
        return intervals.t_p_value(statistic, 1.0, len(z) - 1), statistic
    if rng is None:
        raise ValueError("the permutation test needs rng: a numpy generator")
    signs = rng.integers(0, 2, size=(num_permutations, len(z)), dtype=np.int8) * 2 - 1
    drawn = np.abs(signs @ z)
    count = int((drawn >= abs(z.sum()) * (1 - 1e-12)).sum())
    return (1 + count) / (1 + num_permutations), statistic


def mean_difference(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95) -> Result:
    """mean(b) - mean(a) over points and seeds: **second minus first**, as D = y_B - y_A.

    t interval with the two-way variance of the mean of D and Satterthwaite degrees of freedom, see
    :func:`ssc_tune.analysis.intervals.two_way_mean`; the p-value is of the same t. NaN interval, with a reason, for
    one point, one seed, or differences that do not vary.
    """
    first, second = paired_tables(a, b)
    return _t_result(intervals.two_way_mean(second - first, confidence))


def probability_better(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Share of points where the mean of ``b`` exceeds that of ``a``, ties half; Wilson interval over points."""
    first, second = (x.mean(axis=1) for x in paired_tables(a, b))
    better = float((second > first).sum() + 0.5 * (second == first).sum())
    return intervals.wilson(better, len(first), confidence)


Spread = Literal["iqr", "range"]
Swaps = list[NDArray[np.bool_]]


def shape_ratio(
    a: ArrayLike,
    b: ArrayLike,
    spread: Spread,
    *,
    rng: np.random.Generator,
    confidence: float = 0.95,
    num_permutations: int = 2000,
) -> Result:
    """ln(spread of b / spread of a) for the interquartile range or the range of denoised point means.

    Under the model that the methods' point means differ in location and scale alone, ``b / exp(t)`` and ``a`` about
    their medians can be swapped at every point where t is the true log ratio. The interval holds every t that this
    swap test (the same draws for all t) does not reject; the p-value is the test's at t = 0. The bootstrap is not
    used: it is inconsistent for a range, and poor for quantiles of a few dozen points.

    NaN fields, with a reason, as for :func:`stability`, and for a spread of 0.
    """
    intervals.check_confidence(confidence)
    first, second = paired_tables(a, b)
    reason = _no_spread(first, second)
    if reason:
        return Result(math.nan, math.nan, math.nan, math.nan, reason=reason)
    x, y = (means - np.median(means) for means in (denoised_means(first), denoised_means(second)))
    estimate = float(_log_spread(y, spread) - _log_spread(x, spread))
    if not math.isfinite(estimate):
        return Result(math.nan, math.nan, math.nan, math.nan, reason=f"the {spread} of a method is 0")
    swaps = _swaps(rng, num_permutations, len(x))
    p_value = _swap_p(x, y, 0.0, spread, swaps)
    low, high = (_invert(x, y, estimate, sign, spread, swaps, 1 - confidence) for sign in (-1, 1))
    return Result(estimate, low, high, p_value, statistic=estimate)


def _no_spread(first: FloatArray, second: FloatArray) -> str:
    num_points, num_seeds = first.shape
    if num_seeds < 2:
        return "one seed: seed noise cannot be told from sensitivity"
    if num_points < MIN_POINTS:
        return f"fewer than {MIN_POINTS} points"
    if min(float(point_variance(first)), float(point_variance(second))) <= 0:
        return "the spread over points is within the seed noise of a method (its corrected variance is not positive)"
    return ""


def _result(interval: Interval, p_value: float, statistic: float) -> Result:
    if interval.reason:
        return Result(interval.estimate, math.nan, math.nan, math.nan, reason=interval.reason)
    estimate, low, high, se, df, _ = interval
    return Result(estimate, low, high, p_value, se, df, statistic)


def _t_result(interval: Interval) -> Result:
    statistic = interval.estimate / interval.se if interval.se > 0 else math.nan
    return _result(interval, intervals.t_p_value(interval.estimate, interval.se, interval.df), statistic)


def _swaps(rng: np.random.Generator, num: int, num_points: int) -> Swaps:
    step = max(1, intervals.CHUNK // num_points)
    return [rng.random((min(step, num - start), num_points)) < 0.5 for start in range(0, num, step)]


def _log_spread(values: FloatArray, spread: Spread) -> FloatArray:
    if spread == "iqr":
        low, high = np.quantile(values, (0.25, 0.75), axis=-1)
        reach = np.asarray(high - low)
    else:
        reach = np.ptp(values, axis=-1)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(reach), dtype=np.float64)


def _swap_p(x: FloatArray, y: FloatArray, shift: float, spread: Spread, swaps: Swaps) -> float:
    scaled = y * math.exp(-shift)
    observed = abs(float(_log_spread(scaled, spread) - _log_spread(x, spread)))
    count, total = 0, 0
    for swap in swaps:
        first, second = np.where(swap, scaled, x), np.where(swap, x, scaled)
        drawn = np.abs(_log_spread(second, spread) - _log_spread(first, spread))
        count += int((~(drawn < observed - 1e-12)).sum())
        total += len(swap)
    return (1 + count) / (1 + total)


def _invert(
    x: FloatArray, y: FloatArray, estimate: float, sign: int, spread: Spread, swaps: Swaps, alpha: float
) -> float:
    """The end of the interval on one side of the estimate, by bracketing and bisection to 0.001 in log."""
    inside, step = estimate, 0.25
    while _swap_p(x, y, estimate + sign * step, spread, swaps) > alpha:
        inside, step = estimate + sign * step, 2 * step
        if step > 16:
            return sign * math.inf
    outside = estimate + sign * step
    while abs(outside - inside) > 1e-3:
        middle = (inside + outside) / 2
        if _swap_p(x, y, middle, spread, swaps) > alpha:
            inside = middle
        else:
            outside = middle
    return outside
