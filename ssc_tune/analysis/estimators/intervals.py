"""Intervals of means, of shares, and of statistics with points and seeds left out in turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ssc_tune.analysis.estimators.variance import FloatArray, mean_squares, table

CHUNK = 2_000_000
"""Numbers held at once while points, seeds or methods are exchanged or left out (16 MB an array)."""

SEED_WEIGHT = 2.0
"""Weight of the seeds' mean square in the degrees of freedom of an interval over points and seeds.

Few seeds estimate their mean square so poorly that it is often small by luck; taken at its face, Satterthwaite's
formula then grants the degrees of freedom of the points. With 3 seeds such an interval of a mean covers 92.5 to 95.8%;
counted twice in the formula (not in the variance) 94.0 to 96.3% (``benchmarks/coverage.py``).
"""

Statistic = Callable[..., FloatArray | float]
"""From one or more arrays (..., N, R) to (...), or from arrays (N, R) to a number."""


class Interval(NamedTuple):
    """An estimate with its interval; NaN with a reason where undefined."""

    estimate: float
    low: float
    high: float
    se: float = math.nan  # standard error, where the interval is a t interval
    df: float = math.nan  # degrees of freedom of that t
    p_value: float = math.nan  # two-sided, of no difference, where two methods are compared
    reason: str = ""

    def negated(self) -> Interval:
        """The same comparison with the methods exchanged."""
        return self._replace(estimate=0.0 - self.estimate, low=0.0 - self.high, high=0.0 - self.low)  # -0 is 0

    def transformed(self, function: Callable[[float], float]) -> Interval:
        """The interval carried through an increasing function."""
        low, high = (function(x) if math.isfinite(x) else x for x in (self.low, self.high))
        return Interval(function(self.estimate), low, high, reason=self.reason)

    def tested(self, p_value: float | None = None) -> Interval:
        """With a p-value, that of its own t where none is given; nothing but the estimate where it is undefined."""
        if self.reason:
            return undefined(self.reason, self.estimate)
        own = t_p_value(self.estimate, self.se, self.df) if p_value is None else p_value
        return self._replace(p_value=own)


class Band(NamedTuple):
    """A curve with a pointwise band; NaN limits, with the reason, where there is none."""

    values: FloatArray  # (L,)
    low: FloatArray
    high: FloatArray
    how: str = ""
    reason: str = ""

    @classmethod
    def of(cls, found: Sequence[Interval]) -> Band:
        """The curve of estimates with the interval of each; the first reason why one has none."""
        values, low, high = np.array([one[:3] for one in found], dtype=np.float64).reshape(-1, 3).T
        return cls(values, low, high, reason=next((one.reason for one in found if one.reason), ""))

    @classmethod
    def without(cls, values: FloatArray, reason: str, how: str = "") -> Band:
        """A curve that has no band."""
        nan = np.full(len(values), np.nan)
        return cls(values, nan, nan, how, reason)


def detectable(half: float, confidence: float, *, power: float) -> float:
    """The smallest true effect whose interval would lie beside 0 with this power.

    With half an interval h = z(1 - (1 - confidence) / 2) * se it is h + z(power) * se, by the normal law; on the scale
    of the interval.

    Args:
        half: half the length of the interval.
        confidence: its level.
        power: wanted, above 0.5.
    """
    error = half / float(stats.norm.ppf((1 + confidence) / 2))
    return half + float(stats.norm.ppf(power)) * error


def undefined(reason: str, estimate: float = math.nan) -> Interval:
    """An interval that cannot be given."""
    return Interval(estimate, math.nan, math.nan, reason=reason)


def too_few(shape: tuple[int, ...], least: int) -> str:
    """Why a table of (N points, R seeds) is no sample of both, ``least`` points being needed; empty where it is one."""
    num_points, num_seeds = shape
    if num_points < least:
        return f"fewer than {least} points"
    return "one seed: seed noise is unknown" if num_seeds < 2 else ""


def check_confidence(confidence: float) -> None:
    """Raises ValueError unless 0 < confidence < 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")


def t_interval(estimate: float, se: float, df: float, confidence: float = 0.95) -> Interval:
    """``estimate ± t(df) * se``."""
    check_confidence(confidence)
    if not (np.isfinite(estimate) and np.isfinite(se) and df > 0):
        return undefined("the standard error is undefined", estimate)
    half = float(stats.t.ppf(0.5 + confidence / 2, df)) * se
    return Interval(estimate, estimate - half, estimate + half, se, df)


def t_p_value(estimate: float, se: float, df: float) -> float:
    """Two-sided p of H0: 0. NaN where the standard error is 0 or undefined."""
    if not (np.isfinite(estimate) and se > 0 and df > 0):
        return math.nan
    return float(2 * stats.t.sf(abs(estimate) / se, df))


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """One-sample t interval for the mean of independent ``values`` (n,); undefined for n < 2 or equal values."""
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        return undefined("fewer than 2 values", float(array.mean()) if len(array) else math.nan)
    se = float(array.std(ddof=1)) / math.sqrt(len(array))
    if se <= _rounding(array):
        return undefined("the values do not vary", float(array.mean()))
    return t_interval(float(array.mean()), se, len(array) - 1, confidence)


def two_way_mean(y: ArrayLike, confidence: float = 0.95, *, rounding: float = 0.0) -> Interval:
    """Mean of ``y`` (N points, R seeds), both random: t interval with Satterthwaite degrees of freedom.

    ``Var = max(MS_point + MS_seed - MS_error, MS_point, MS_seed) / (N R)``. The sum is unbiased under crossed
    random effects; the maximum keeps it from falling below what points or seeds alone show. The degrees of freedom
    are those of :func:`crossed_degrees`. No mean square is taken for less than ``rounding``, the variance of a value
    that is known up to a resolution only.

    Undefined with one point or one seed: that component of the error is then invisible.
    """
    check_confidence(confidence)
    array = table(y)
    mean = float(array.mean())
    few = too_few(array.shape, 2)
    if few:
        return undefined(few, mean)
    point, seed, error = (max(float(value), rounding) for value in mean_squares(array)[:3])
    df_point, df_seed = (size - 1 for size in array.shape)
    variance = max(point + seed - error, point, seed)
    if variance <= _rounding(array) ** 2:
        return undefined("the values do not vary", mean)
    df = crossed_degrees(point, seed, df_point, df_seed, error=error)
    return t_interval(mean, math.sqrt(variance / array.size), df, confidence)


def crossed_degrees(point: float, seed: float, df_point: float, df_seed: float, *, error: float = 0.0) -> float:
    """Degrees of freedom of a variance that adds a part of the points and a part of the seeds.

    ``v^2 / (point^2 / df_point + (w seed)^2 / df_seed)`` with ``v = max(point + w seed - error, point, w seed)`` and w
    :data:`SEED_WEIGHT`: Satterthwaite (Biometrics Bulletin 2, 1946), with the seeds counted for more than they show.
    At least those of the part that has fewer.

    Args:
        point, seed: the two parts of the variance, or their mean squares; at least one positive.
        df_point, df_seed: degrees of freedom of each.
        error: mean square of the residual where mean squares are given, of which the sum counts it twice.
    """
    weighted = SEED_WEIGHT * seed
    total = max(point + weighted - error, point, weighted)
    return max(min(df_point, df_seed), total**2 / (point**2 / df_point + weighted**2 / df_seed))


def jackknife_variance(left_out: FloatArray) -> float:
    """``(n - 1) / n * sum of (value_i - mean value)^2`` of the n delete-one values of a statistic."""
    num = len(left_out)
    return (num - 1) / num * float(((left_out - left_out.mean()) ** 2).sum())


def jackknife(estimate: float, leave_one_out: FloatArray, confidence: float = 0.95) -> Interval:
    """t interval from the n delete-one values of a statistic, n - 1 degrees of freedom, centred on ``estimate``.

    ``se^2`` is :func:`jackknife_variance`. Source: Efron and Stein, Annals of Statistics 9 (1981). It needs a smooth
    statistic: not quantiles, extremes or ranges.
    """
    num = len(leave_one_out)
    if num < 2:
        return undefined("fewer than 2 values", estimate)
    if not np.isfinite(leave_one_out).all():
        count = int((~np.isfinite(leave_one_out)).sum())
        return undefined(f"undefined when one is left out, for {count} of {num}", estimate)
    se = math.sqrt(jackknife_variance(leave_one_out))
    if se <= _rounding(leave_one_out):
        return undefined("the values do not vary", estimate)
    return t_interval(estimate, se, num - 1, confidence)


def crossed_jackknife(
    statistic: Statistic,
    *arrays: FloatArray,
    confidence: float = 0.95,
    vectorized: bool = False,
    point_degrees: float | None = None,
) -> Interval:
    """t interval for a smooth statistic of arrays (N, R) with points and seeds both random.

    Jackknife variances over points and over seeds are added, which counts the interaction's part twice: it is
    conservative (for a mean, by MS_error / (N R)). Degrees of freedom of :func:`crossed_degrees`.

    Args:
        statistic: of the arrays, smooth in points and seeds.
        arrays: scores (N, R), left out together.
        confidence: of the interval.
        vectorized: whether the statistic takes arrays (..., N, R) to (...), which is much faster.
        point_degrees: degrees of freedom of the points' part, for a statistic that rests on few of them; default N - 1.

    Undefined, with the estimate and a reason: fewer than 3 points, one seed, or a statistic that is undefined when a
    point or a seed is left out. It is never given over points alone.
    """
    estimate = float(statistic(*arrays))
    few = too_few(arrays[0].shape, 3)
    if few:
        return undefined(few, estimate)
    with np.errstate(invalid="ignore", divide="ignore"):
        points, seeds = (left_out(statistic, *arrays, axis=axis, vectorized=vectorized) for axis in (0, 1))
    return from_left_out(estimate, points, seeds, confidence, point_degrees=point_degrees)


def from_left_out(
    estimate: float,
    points: FloatArray,
    seeds: FloatArray,
    confidence: float = 0.95,
    *,
    point_degrees: float | None = None,
) -> Interval:
    """The interval of :func:`crossed_jackknife` from the values with each point (N,) and each seed (R,) left out."""
    variances = []
    for values, what in ((points, "point"), (seeds, "seed")):
        undefined_ones = int((~np.isfinite(values)).sum())
        if undefined_ones:
            return undefined(f"undefined when one {what} is left out, for {undefined_ones} of {len(values)}", estimate)
        variances.append(jackknife_variance(values))
    total = sum(variances)
    if total <= _rounding(np.concatenate([points, seeds])) ** 2:
        return undefined("the values do not vary", estimate)
    df_point = len(points) - 1 if point_degrees is None else point_degrees
    df = crossed_degrees(variances[0], variances[1], df_point, len(seeds) - 1)
    return t_interval(estimate, math.sqrt(total), df, confidence)


def left_out(statistic: Statistic, *arrays: FloatArray, axis: int, vectorized: bool = False) -> FloatArray:
    """The statistic with each point (axis 0) or seed (axis 1) left out of all arrays in turn."""
    num = arrays[0].shape[axis]
    if not vectorized:
        return np.array([statistic(*(np.delete(x, i, axis=axis) for x in arrays)) for i in range(num)])
    kept = np.array([np.delete(np.arange(num), i) for i in range(num)])  # (num, num - 1)
    step = max(1, CHUNK // arrays[0].size)
    parts = []
    for start in range(0, num, step):
        index = kept[start : start + step]
        stacked = (x[index] if axis == 0 else np.moveaxis(x[:, index], 1, 0) for x in arrays)
        parts.append(np.asarray(statistic(*stacked), dtype=np.float64))
    return np.concatenate(parts)


def wilson(successes: float, num: float, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a share; ``successes`` may be fractional (ties counted half).

    ``(p + z^2/2n ± z sqrt(p (1-p)/n + z^2/4n^2)) / (1 + z^2/n)``. Undefined for n = 0.

    Raises:
        ValueError: ``successes`` is not in [0, num].
    """
    check_confidence(confidence)
    if num == 0:
        return undefined("nothing to count")
    if not 0 <= successes <= num:
        raise ValueError(f"successes must lie in [0, {num}], not {successes}")
    z, p = float(stats.norm.ppf(0.5 + confidence / 2)), successes / num
    centre, scale = p + z**2 / (2 * num), 1 + z**2 / num
    half = z * math.sqrt(p * (1 - p) / num + z**2 / (4 * num**2))
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == num else (centre + half) / scale
    return Interval(p, low, high)


def _rounding(values: FloatArray) -> float:
    """What rounding alone may leave of a standard error."""
    return 1e-13 * max(1.0, float(np.abs(values).max()))
