"""Ratios of interquartile ranges and of ranges, by a test that swaps methods at points."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ssc_tune.analysis.estimators import intervals
from ssc_tune.analysis.estimators.comparison import TWO_SEEDS, no_spread, paired_tables
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.spread import denoised_means
from ssc_tune.analysis.estimators.variance import FloatArray, visible

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
) -> Interval:
    """ln(spread of b / spread of a) for the interquartile range or the range of denoised point means.

    Points: under the model that the methods' point means differ in location and scale alone, ``b / exp(t)`` and ``a``
    about their medians can be swapped at every point where t is the true log ratio. The points' interval holds every t
    that this swap test (the same draws for all t) does not reject. The bootstrap is not used: it is inconsistent for a
    range, and poor for quantiles of a few dozen points. Seeds: delete-one-seed jackknife of the log ratio. Each side
    of the points' interval, taken as a t's half length, and the seeds' standard error are added as variances, with the
    degrees of freedom of :func:`ssc_tune.analysis.estimators.intervals.crossed_degrees`; so are the p-values.

    NaN fields, with a reason, as for :func:`stability`, and for a spread of 0.
    """
    intervals.check_confidence(confidence)
    first, second = paired_tables(a, b)
    reason = no_spread(first, second)
    if reason:
        return intervals.undefined(reason)
    estimate = _log_ratio(first, second, spread)
    if first.shape[1] == 2:
        return intervals.undefined(TWO_SEEDS, estimate)
    without = intervals.left_out(lambda x, y: _log_ratio(x, y, spread), first, second, axis=1)
    if not math.isfinite(estimate):
        return intervals.undefined(f"the {spread} of a method is 0")
    if not np.isfinite(without).all():
        count = int((~np.isfinite(without)).sum())
        return intervals.undefined(f"undefined when one seed is left out, for {count} of {len(without)}")
    x, y = _about_medians(first, second)
    swaps = _swaps(rng, num_permutations, len(x))
    ends = [_invert(x, y, estimate, sign, spread, swaps, 1 - confidence) for sign in (-1, 1)]
    add = _Adding(len(x), len(without), float((len(without) - 1) * without.var()))
    low, high = (
        estimate + sign * add.half(abs(end - estimate), confidence) for sign, end in zip((-1, 1), ends, strict=True)
    )
    return Interval(estimate, low, high, p_value=add.p_value(estimate, _swap_p(x, y, 0.0, spread, swaps)))


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


def _about_medians(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Denoised point means about their medians, in an order that does not depend on the points' or methods' names."""
    x, y = (means - np.median(means) for means in (denoised_means(first), denoised_means(second)))
    order = np.lexsort((np.abs(x - y), x + y))
    return x[order], y[order]


def _log_ratio(first: FloatArray, second: FloatArray, spread: Spread) -> float:
    x, y = (denoised_means(table_) for table_ in (first, second))
    with np.errstate(invalid="ignore"):  # two spreads of 0 have no ratio
        return float(_log_spread(y, spread) - _log_spread(x, spread))


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
