"""Two methods on the same points and seeds: arrays ``a`` and ``b`` of shape (N, R), paired, higher is better."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ssc_tune.analysis import intervals
from ssc_tune.analysis.crossed_shares import crossed_share
from ssc_tune.analysis.intervals import Interval
from ssc_tune.analysis.spread import denoised_means
from ssc_tune.analysis.variance import (
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


def stability(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95) -> Result:
    """How much more stable ``a`` is than ``b``: ln(sd_b / sd_a) over points, seed noise removed from both.

    ``estimate = 0.5 * ln(V_b / V_a)`` with V = var_point = (MS_point - MS_error) / R. Positive: ``a`` is the more
    stable. The interval is the t interval of :func:`ssc_tune.analysis.intervals.crossed_jackknife`: points and seeds
    are both samples, and each is left out of both methods at once, so that pairing is kept.

    The p-value is the larger of that t's and that of :func:`brown_forsythe`, and 1 where the two point different ways.
    The jackknife knows of seeds and of noise but errs in 3 to 6% of studies on each side where the effects of points
    have a long tail; Brown-Forsythe knows of points alone but keeps its size there. Together they err in at most 2.5%
    on each side under every law of ``benchmarks/coverage.py``, at a cost of 0 to 5 points of power (9 at 16 points).

    NaN fields, with a reason: one seed, fewer than 3 points, or a var_point that is no more than rounding (for the
    whole, or when some point or seed is left out).
    """
    intervals.check_confidence(confidence)
    first, second = paired_tables(a, b)
    reason = _no_spread(first, second)
    if reason:
        return undefined(reason)
    if first.shape[1] == 2:
        estimate = 0.5 * math.log(float(point_variance(second)) / float(point_variance(first)))
        return Result(estimate, math.nan, math.nan, math.nan, reason=TWO_SEEDS)
    p_value, statistic = brown_forsythe(first, second)
    found = _spread_jackknife(lambda x, y: np.asarray(0.5 * np.log(y / x)), first, second, confidence)
    if found.reason:
        return _result(found, math.nan, math.nan)
    own = intervals.t_p_value(found.estimate, found.se, found.df)
    agreed = max(own, p_value) if statistic * found.estimate > 0 else 1.0
    return _result(found, agreed, found.estimate / found.se)


def std_difference(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95) -> Result:
    """sd_b - sd_a over points, seed noise removed; t interval from the jackknife over points and seeds, and its p.

    For equivalence within a margin in units of accuracy; :func:`stability` is the better scale for a difference.
    """
    first, second = paired_tables(a, b)
    reason = _no_spread(first, second)
    if reason:
        return undefined(reason)
    if first.shape[1] == 2:
        gap = math.sqrt(float(point_variance(second))) - math.sqrt(float(point_variance(first)))
        return Result(gap, math.nan, math.nan, math.nan, reason=TWO_SEEDS)
    return _t_result(_spread_jackknife(lambda x, y: np.asarray(np.sqrt(y) - np.sqrt(x)), first, second, confidence))


def undefined(reason: str) -> Result:
    """A comparison that cannot be made."""
    return Result(math.nan, math.nan, math.nan, math.nan, reason=reason)


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
    estimate = float(function(point_variance(first), point_variance(second)))
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


def mean_difference(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95, rounding: float = 0.0) -> Result:
    """mean(b) - mean(a) over points and seeds: **second minus first**, as D = y_B - y_A.

    t interval with the two-way variance of the mean of D and Satterthwaite degrees of freedom, see
    :func:`ssc_tune.analysis.intervals.two_way_mean`; the p-value is of the same t. NaN interval, with a reason, for
    one point, one seed, or differences that do not vary (and have no ``rounding``, the variance of a cell's difference
    that its resolution hides).
    """
    first, second = paired_tables(a, b)
    return _t_result(intervals.two_way_mean(second - first, confidence, rounding=rounding))


def probability_better(a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Probability that ``b`` beats ``a`` at a random point with a random seed, ties half: a share of the N R cells.

    Interval of :func:`ssc_tune.analysis.crossed_shares.crossed_share`, points and seeds both random. (A share of
    points, with Wilson's interval, would take the seeds drawn for the world: it covers 30 to 84% where methods differ
    by seed.)
    """
    first, second = paired_tables(a, b)
    return crossed_share((second > first) + 0.5 * (second == first), confidence, scores=second - first)


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

    Points: under the model that the methods' point means differ in location and scale alone, ``b / exp(t)`` and ``a``
    about their medians can be swapped at every point where t is the true log ratio. The points' interval holds every t
    that this swap test (the same draws for all t) does not reject. The bootstrap is not used: it is inconsistent for a
    range, and poor for quantiles of a few dozen points. Seeds: delete-one-seed jackknife of the log ratio. Each side
    of the points' interval, taken as a t's half length, and the seeds' standard error are added as variances, with the
    degrees of freedom of :func:`ssc_tune.analysis.intervals.crossed_degrees`; so are the p-values.

    NaN fields, with a reason, as for :func:`stability`, and for a spread of 0.
    """
    intervals.check_confidence(confidence)
    first, second = paired_tables(a, b)
    reason = _no_spread(first, second)
    if reason:
        return undefined(reason)
    estimate = _log_ratio(first, second, spread)
    if first.shape[1] == 2:
        return Result(estimate, math.nan, math.nan, math.nan, reason=TWO_SEEDS)
    without = np.array([_log_ratio(np.delete(first, j, 1), np.delete(second, j, 1), spread) for j in _seeds(first)])
    if not math.isfinite(estimate):
        return undefined(f"the {spread} of a method is 0")
    if not np.isfinite(without).all():
        count = int((~np.isfinite(without)).sum())
        return undefined(f"undefined when one seed is left out, for {count} of {len(without)}")
    x, y = _about_medians(first, second)
    swaps = _swaps(rng, num_permutations, len(x))
    ends = [_invert(x, y, estimate, sign, spread, swaps, 1 - confidence) for sign in (-1, 1)]
    add = _Adding(len(x), len(without), float((len(without) - 1) * without.var()))
    low, high = (
        estimate + sign * add.half(abs(end - estimate), confidence) for sign, end in zip((-1, 1), ends, strict=True)
    )
    return Result(estimate, low, high, add.p_value(estimate, _swap_p(x, y, 0.0, spread, swaps)), statistic=estimate)


class _Adding(NamedTuple):
    """Adds the seeds' variance to what an inverted test says of the points."""

    num_points: int
    num_seeds: int
    seed: float  # variance over seeds, by the jackknife

    def _total(self, point: float) -> tuple[float, float]:
        df = intervals.crossed_degrees(point, self.seed, self.num_points - 1, self.num_seeds - 1)
        return math.sqrt(point + self.seed), df

    def half(self, reach: float, confidence: float) -> float:
        """Half length of the interval on a side where the points' own reaches ``reach`` from the estimate."""
        if not math.isfinite(reach):
            return math.inf
        level = 0.5 + confidence / 2
        se, df = self._total((reach / float(stats.t.ppf(level, self.num_points - 1))) ** 2)
        return se * float(stats.t.ppf(level, df))

    def p_value(self, estimate: float, p_points: float) -> float:
        """Two-sided p of no difference, from that of the points alone."""
        quantile = float(stats.t.isf(p_points / 2, self.num_points - 1))
        if quantile <= 0 or estimate == 0:
            return 1.0
        se, df = self._total((estimate / quantile) ** 2)
        return intervals.t_p_value(estimate, se, df)


def _seeds(y: FloatArray) -> NDArray[np.int64]:
    return np.arange(y.shape[1])


def _about_medians(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Denoised point means about their medians, in an order that does not depend on the points' or methods' names."""
    x, y = (means - np.median(means) for means in (denoised_means(first), denoised_means(second)))
    order = np.lexsort((np.abs(x - y), x + y))
    return x[order], y[order]


def _log_ratio(first: FloatArray, second: FloatArray, spread: Spread) -> float:
    x, y = (denoised_means(table_) for table_ in (first, second))
    with np.errstate(invalid="ignore"):  # two spreads of 0 have no ratio
        return float(_log_spread(y, spread) - _log_spread(x, spread))


def _no_spread(first: FloatArray, second: FloatArray) -> str:
    num_points, num_seeds = first.shape
    if num_seeds < 2:
        return "one seed: seed noise cannot be told from sensitivity"
    if num_points < MIN_POINTS:
        return f"fewer than {MIN_POINTS} points"
    variances = [float(point_variance(y)) for y in (first, second)]
    if not all(visible(variance, y) for variance, y in zip(variances, (first, second), strict=True)):
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
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(np.where(visible(reach**2, values), reach, 0.0)), dtype=np.float64)


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
