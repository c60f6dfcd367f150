"""Two methods on the same points and seeds: arrays ``a`` and ``b`` of shape (N, R), paired, higher is better."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ssc_tune.analysis.estimators import intervals
from ssc_tune.analysis.estimators.crossed_shares import crossed_share
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.variance import (
    FloatArray,
    delete_one_point_variances,
    delete_one_seed_variances,
    point_variance,
    table,
    visible,
)

MIN_POINTS = 3
"""Fewest points a spread may be judged on."""

TWO_SEEDS = "2 seeds: without one of them, noise cannot be told from sensitivity, so how seeds matter is unknown"


def paired_tables(a: ArrayLike, b: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """``a`` and ``b`` as finite arrays of one shape (N, R).

    Raises:
        ValueError: they are not.
    """
    first, second = table(a), table(b)
    if first.shape != second.shape:
        raise ValueError(f"paired scores must have one shape, not {first.shape} and {second.shape}")
    return first, second


def stability(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """How much more stable ``a`` is than ``b``: ln(sd_b / sd_a) over points, seed noise removed from both.

    ``estimate = 0.5 * ln(V_b / V_a)`` with V = var_point = (MS_point - MS_error) / R. Positive: ``a`` is the more
    stable. The interval is the t interval of :func:`ssc_tune.analysis.estimators.intervals.crossed_jackknife`: points
    and seeds are both samples, and each is left out of both methods at once, so that pairing is kept.

    The p-value is the larger of that t's and that of :func:`brown_forsythe`, and 1 where the two point different ways.
    The jackknife knows of seeds and of noise but errs in 3 to 6% of studies on each side where the effects of points
    have a long tail; Brown-Forsythe knows of points alone but keeps its size there. Together they err in at most 2.5%
    on each side under every law of ``benchmarks/coverage.py``, at a cost of 0 to 5 points of power (9 at 16 points).

    NaN fields, with a reason: one seed, fewer than 3 points, or a var_point that is no more than rounding (for the
    whole, or when some point or seed is left out).
    """
    first, second = paired_tables(a, b)
    found = _spread_jackknife(lambda x, y: np.asarray(0.5 * np.log(y / x)), first, second, confidence)
    p_value, statistic = brown_forsythe(first, second)
    own = found.tested().p_value
    return found.tested(max(own, p_value) if statistic * found.estimate > 0 else 1.0)


def std_difference(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """sd_b - sd_a over points, seed noise removed; t interval from the jackknife over points and seeds, and its p.

    For equivalence within a margin in units of accuracy; :func:`stability` is the better scale for a difference.
    """
    tables = paired_tables(a, b)
    return _spread_jackknife(lambda x, y: np.asarray(np.sqrt(y) - np.sqrt(x)), *tables, confidence).tested()


def without_one_seed(a: ArrayLike, b: ArrayLike) -> FloatArray:
    """The estimate of :func:`stability` with each seed left out in turn, (R,); NaN where it is undefined."""
    first, second = paired_tables(a, b)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(0.5 * np.log(_seeds_left_out(second) / _seeds_left_out(first)))


def deciding_point(a: ArrayLike, b: ArrayLike) -> tuple[int, float, float]:
    """The point without which the estimate of :func:`stability` changes most.

    Returns:
        Its index, the estimate without it, and its share of the points' part of the jackknife variance (1 / N where
        all points weigh alike). NaN where the estimate is undefined.
    """
    first, second = paired_tables(a, b)
    with np.errstate(invalid="ignore", divide="ignore"):
        left_out = np.asarray(0.5 * np.log(_points_left_out(second) / _points_left_out(first)))
        squares = (left_out - left_out.mean()) ** 2
        if not np.isfinite(squares).all() or squares.sum() == 0:
            return 0, math.nan, math.nan
        index = int(squares.argmax())
        return index, float(left_out[index]), float(squares[index] / squares.sum())


def _spread_jackknife(
    function: Callable[[FloatArray, FloatArray], FloatArray], first: FloatArray, second: FloatArray, confidence: float
) -> Interval:
    """Jackknife over points and seeds of a function of the two corrected variances, by updated sums: O(N R^2)."""
    intervals.check_confidence(confidence)
    reason = no_spread(first, second)
    if reason:
        return intervals.undefined(reason)
    estimate = float(function(point_variance(first), point_variance(second)))
    if first.shape[1] == 2:
        return intervals.undefined(TWO_SEEDS, estimate)
    with np.errstate(invalid="ignore", divide="ignore"):
        points = function(_points_left_out(first), _points_left_out(second))
        seeds = function(_seeds_left_out(first), _seeds_left_out(second))
    return intervals.from_left_out(estimate, points, seeds, confidence)


def _points_left_out(y: FloatArray) -> FloatArray:
    variances = delete_one_point_variances(y)
    return np.where(visible(variances, y), variances, np.nan)


def _seeds_left_out(y: FloatArray) -> FloatArray:
    variances = delete_one_seed_variances(y)
    return np.where(visible(variances, y), variances, np.nan)


def brown_forsythe(a: ArrayLike, b: ArrayLike) -> tuple[float, float]:
    """Paired Brown-Forsythe test that point means of ``a`` and ``b`` (N, R) are equally spread.

    A one-sample t test, N - 1 degrees of freedom, that ``z_i = |mean_b,i - median_b| - |mean_a,i - median_a|`` has mean
    0. It is about the seeds drawn and about means that hold noise / R: never a verdict's only test.

    Returns:
        The two-sided p-value and the t statistic, positive where ``b`` is spread further; NaN if z does not vary.

    Source: Brown and Forsythe, JASA 69 (1974); paired use: Wilcox, British J. Math. Stat. Psych. 42 (1989).
    """
    first, second = (x.mean(axis=1) for x in paired_tables(a, b))
    z = np.abs(second - np.median(second)) - np.abs(first - np.median(first))
    if len(z) < MIN_POINTS or not visible(z.var(ddof=1), z):
        return math.nan, math.nan
    statistic = float(z.mean() / (z.std(ddof=1) / math.sqrt(len(z))))
    return intervals.t_p_value(statistic, 1.0, len(z) - 1), statistic


def mean_difference(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95, rounding: float = 0.0) -> Interval:
    """mean(b) - mean(a) over points and seeds: **second minus first**, as D = y_B - y_A.

    t interval with the two-way variance of the mean of D and Satterthwaite degrees of freedom, see
    :func:`ssc_tune.analysis.estimators.intervals.two_way_mean`; the p-value is of the same t. NaN interval, with a
    reason, for one point, one seed, or differences that do not vary (and have no ``rounding``, the variance of a
    cell's difference that its resolution hides).
    """
    first, second = paired_tables(a, b)
    return intervals.two_way_mean(second - first, confidence, rounding=rounding).tested()


def probability_better(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Probability that ``b`` beats ``a`` at a random point with a random seed, ties half: a share of the N R cells.

    Interval of :func:`ssc_tune.analysis.estimators.crossed_shares.crossed_share`, points and seeds both random. (A
    share of points, with Wilson's interval, would take the seeds drawn for the world: it covers 30 to 84% where
    methods differ by seed.)
    """
    first, second = paired_tables(a, b)
    return crossed_share((second > first) + 0.5 * (second == first), confidence, scores=second - first)


def no_spread(first: FloatArray, second: FloatArray) -> str:
    """Why two tables have no ratio of spreads; empty where they have one."""
    few = _too_few(first)
    if few or all(visible(point_variance(y), y) for y in (first, second)):
        return few
    return "the spread over points is within the seed noise of a method (its corrected variance is not positive)"


def _too_few(y: FloatArray) -> str:
    if y.shape[1] < 2:
        return "one seed: seed noise cannot be told from sensitivity"
    return f"fewer than {MIN_POINTS} points" if len(y) < MIN_POINTS else ""


def corrected_std_interval(y: FloatArray, confidence: float) -> Interval:
    """sqrt(var_point), t interval of its logarithm by the jackknife over points and seeds; NaN as corrected_std."""
    few = _too_few(y)
    if few:
        return intervals.undefined(few)
    variances = float(point_variance(y))
    if not visible(variances, y):
        return intervals.undefined("the spread over points is within the seed noise: var_point is not positive")
    if y.shape[1] == 2:
        return intervals.undefined(TWO_SEEDS, math.sqrt(variances))
    with np.errstate(invalid="ignore", divide="ignore"):
        points, seeds = (0.5 * np.log(left_out(y)) for left_out in (_points_left_out, _seeds_left_out))
    return intervals.from_left_out(0.5 * math.log(variances), points, seeds, confidence).transformed(math.exp)
