"""The rule of a claim on ``std`` for many studies at once: scores (S studies, N points, R seeds) in, (S,) out.

The same rule as in :mod:`ssc_tune.analysis.judge.verdicts` and :mod:`ssc_tune.analysis.judge.gates`, in closed forms
over whole arrays: ``tests/analysis/test_batched.py`` holds the two equal, number by number and, as
:mod:`ssc_tune.analysis.judge.power` decides by them, decision by decision. For simulations; the verdict on a study
comes from the rule itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ssc_tune.analysis.estimators.intervals import SEED_WEIGHT
from ssc_tune.analysis.estimators.spread import cvar_of_tables, cvar_weights, logit
from ssc_tune.analysis.estimators.variance import RESOLUTION, FloatArray

Flags = NDArray[np.bool_]


class Difference(NamedTuple):
    """A statistic of two methods in S studies, with its standard error; NaN where undefined. Each field is (S,)."""

    estimate: FloatArray
    se: FloatArray
    df: FloatArray

    def half(self, alpha: float) -> FloatArray:
        """Half the length of the t interval at two-sided level ``alpha``."""
        return np.asarray(special.stdtrit(self.df, 1 - alpha / 2) * self.se)

    def p_value(self) -> FloatArray:
        """Two-sided p of the same t."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(2 * special.stdtr(self.df, -np.abs(self.estimate) / self.se))


class Findings(NamedTuple):
    """What S studies show of "the first method is more stable than the second"; each array is (S,)."""

    ratio: Difference  # ln(sd of second / sd of first), seed noise removed
    p_value: FloatArray  # of ratio: the larger of its own and Brown-Forsythe's
    mean: Difference  # mean of first minus mean of second
    cvar: Difference  # the same of the worst tenth
    logit: Flags  # whether the ratio has the same sign on logit(accuracy)

    def above(self, alpha: float) -> Flags:
        """Where the interval of the ratio at two-sided level ``alpha`` says that the first is the more stable."""
        return np.asarray(self.ratio.estimate - self.ratio.half(alpha) > 0)

    def margin_needed(self, alpha: float) -> tuple[FloatArray, FloatArray]:
        """The margin above which the gate on the mean, and that on the worst tenth, is passed; infinite for never."""
        return tuple(  # type: ignore[return-value]
            np.nan_to_num(d.half(alpha) - d.estimate, nan=np.inf) for d in (self.mean, self.cvar)
        )

    def exchanged(self) -> Findings:
        """The same of "the second is more stable than the first"."""
        ratio, mean, cvar = (d._replace(estimate=-d.estimate) for d in (self.ratio, self.mean, self.cvar))
        return self._replace(ratio=ratio, mean=mean, cvar=cvar)


def find(first: FloatArray, second: FloatArray) -> Findings:
    """What scores (S, N, R) of two methods show, N at least 3.

    Args:
        first, second: accuracies as shares of 1, the same points and seeds.

    Raises:
        ValueError: the shapes differ, or there are fewer than 3 points or 2 seeds.
    """
    if first.shape != second.shape or first.ndim != 3 or first.shape[1] < 3 or first.shape[2] < 2:
        raise ValueError(f"scores must have one shape (studies, 3 points or more, 2 seeds or more), not {first.shape}")
    one, other = _Parts(first), _Parts(second)
    ratio = _ratio(one, other)
    statistic = _brown_forsythe(one.means, other.means)
    agreed = np.maximum(ratio.p_value(), 2 * special.stdtr(first.shape[-2] - 1, -np.abs(statistic)))
    with np.errstate(invalid="ignore"):
        agreed = np.where(statistic * ratio.estimate > 0, agreed, 1.0)
        on_logit = _log_ratio(_Parts(logit(first)), _Parts(logit(second)))
        same = np.sign(on_logit) == np.sign(ratio.estimate)
    undefined = np.isnan(ratio.se)
    return Findings(
        ratio=ratio,
        p_value=np.where(undefined, np.nan, agreed),
        mean=_mean(first - second),
        cvar=_cvar(first, second, one.means, other.means),
        logit=same,
    )


class _Parts:
    """The two-way parts of scores (S, N, R): ``y = mean + a_i + b_j + r_ij``, and what follows from them.

    Without seed j the residual sum of squares falls by ``R / (R - 1) sum_i r_ij^2`` and a_i becomes ``a_i - r_ij /
    (R - 1)``; without point i it falls by ``N / (N - 1) sum_j r_ij^2`` and ``sum a^2`` by ``N / (N - 1) a_i^2``.
    """

    def __init__(self, y: FloatArray) -> None:
        self.num_points, self.num_seeds = y.shape[-2:]
        self.means = y.mean(axis=-1)  # (S, N)
        self.a = self.means - self.means.mean(axis=-1, keepdims=True)
        self.r = y - self.means[..., None]
        self.r -= self.r.mean(axis=-2, keepdims=True)
        self.by_point = np.einsum("snr,snr->sn", self.r, self.r)
        self.by_seed = np.einsum("snr,snr->sr", self.r, self.r)
        self.squares = (self.a**2).sum(axis=-1)
        self.error = self.by_seed.sum(axis=-1)
        self.rounding = (RESOLUTION * np.maximum(1.0, np.abs(y).max(axis=(-2, -1)))) ** 2

    def variance(self) -> FloatArray:
        """var_point (S,); NaN where it is no more than rounding."""
        n, r = self.num_points - 1, self.num_seeds - 1
        return self._visible(self.squares / n - _over(self.error, n * r * (r + 1)))

    def without_points(self) -> FloatArray:
        """var_point without each point (S, N)."""
        n, r, more = self.num_points - 2, self.num_seeds - 1, self.num_points / (self.num_points - 1)
        error = np.maximum(self.error[:, None] - more * self.by_point, 0.0)
        squares = self.squares[:, None] - more * self.a**2
        return self._visible(squares / n - _over(error, n * r * (r + 1)))

    def without_seeds(self) -> FloatArray:
        """var_point without each seed (S, R); NaN with two seeds."""
        n, r = self.num_points - 1, self.num_seeds - 1
        along = np.einsum("sn,snr->sr", self.a, self.r)
        squares = self.squares[:, None] - 2 / r * along + self.by_seed / r**2
        error = np.maximum(self.error[:, None] - (r + 1) / r * self.by_seed, 0.0)
        return self._visible(squares / n - _over(error, n * (r - 1) * r))

    def _visible(self, variance: FloatArray) -> FloatArray:
        limit = self.rounding.reshape(-1, *[1] * (variance.ndim - 1))
        return np.where(variance > limit, variance, np.nan)


def _over(squares: FloatArray, degrees: int) -> FloatArray:
    return np.asarray(squares / degrees if degrees > 0 else np.full_like(squares, np.nan))


def _log_ratio(one: _Parts, other: _Parts) -> FloatArray:
    return np.asarray(0.5 * np.log(other.variance() / one.variance()))


def _ratio(one: _Parts, other: _Parts) -> Difference:
    points = 0.5 * np.log(other.without_points() / one.without_points())
    seeds = 0.5 * np.log(other.without_seeds() / one.without_seeds())
    return _jackknife(_log_ratio(one, other), points, seeds)


def _jackknife(estimate: FloatArray, points: FloatArray, seeds: FloatArray) -> Difference:
    """From values with each point (S, N) and each seed (S, R) left out, as ``intervals.from_left_out``."""
    (n, point), (r, seed) = ((x.shape[-1], (x.shape[-1] - 1) * x.var(axis=-1)) for x in (points, seeds))
    total = point + seed
    with np.errstate(invalid="ignore"):
        largest = np.maximum(np.abs(points).max(axis=-1), np.abs(seeds).max(axis=-1))
        varies = total > (1e-13 * np.maximum(1.0, largest)) ** 2
    df = _degrees(point, seed, n - 1, r - 1, np.zeros(1))
    return Difference(estimate, np.where(varies & np.isfinite(estimate), np.sqrt(total), np.nan), df)


def _degrees(point: FloatArray, seed: FloatArray, df_point: int, df_seed: int, error: FloatArray) -> FloatArray:
    """As ``intervals.crossed_degrees``."""
    weighted = SEED_WEIGHT * seed
    total = np.maximum(np.maximum(point + weighted - error, point), weighted)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = total**2 / (point**2 / df_point + weighted**2 / df_seed)
    return np.maximum(min(df_point, df_seed), found)


def _brown_forsythe(a: FloatArray, b: FloatArray) -> FloatArray:
    """t statistic (S,) of point means (S, N), positive where ``b`` is spread further; NaN if nothing varies."""
    z = np.abs(b - np.median(b, axis=-1, keepdims=True)) - np.abs(a - np.median(a, axis=-1, keepdims=True))
    variance = z.var(axis=-1, ddof=1)
    visible = variance > (RESOLUTION * np.maximum(1.0, np.abs(z).max(axis=-1))) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(visible, z.mean(axis=-1) / np.sqrt(variance / z.shape[-1]), np.nan)


def _mean(y: FloatArray) -> Difference:
    """Mean of differences (S, N, R), as ``intervals.two_way_mean``."""
    parts, num = _Parts(y), y.shape[-2] * y.shape[-1]
    n, r = parts.num_points - 1, parts.num_seeds - 1
    columns = y.mean(axis=-2)
    point, seed = (
        (r + 1) / n * parts.squares,
        (n + 1) * _over(((columns - columns.mean(-1, keepdims=True)) ** 2).sum(-1), r),
    )
    error = _over(parts.error, n * r)
    variance = np.maximum(np.maximum(point + seed - error, point), seed)
    with np.errstate(invalid="ignore"):
        varies = variance > (1e-13 * np.maximum(1.0, np.abs(y).max(axis=(-2, -1)))) ** 2
        se = np.where(varies, np.sqrt(variance / num), np.nan)
    return Difference(y.mean(axis=(-2, -1)), se, _degrees(point, seed, n, r, error))


def _cvar(first: FloatArray, second: FloatArray, one: FloatArray, other: FloatArray) -> Difference:
    """CVaR10 of first minus that of second, as ``measures.cvar.cvar_level``."""
    num_seeds = first.shape[-1]
    points = _without_points(one) - _without_points(other)
    seeds = []
    for j in range(num_seeds):
        kept = [(num_seeds * means - y[..., j]) / max(1, num_seeds - 1) for means, y in ((one, first), (other, second))]
        seeds.append(_worst(kept[0]) - _worst(kept[1]))
    return _jackknife(_worst(one) - _worst(other), points, np.stack(seeds, axis=-1))


def _worst(means: FloatArray) -> FloatArray:
    return cvar_of_tables(means[..., None])


def _without_points(means: FloatArray) -> FloatArray:
    """CVaR10 of point means (S, N) without each point (S, N).

    In order, without the k-th: ``sum of w_i x_i below k + sum of w_(i-1) x_i above k``, with the weights w of N - 1.
    """
    order = np.argsort(means, axis=-1)
    sorted_means = np.take_along_axis(means, order, axis=-1)
    weights = cvar_weights(means.shape[-1] - 1)
    below = np.zeros_like(means)
    below[..., 1:] = np.cumsum(sorted_means[..., :-1] * weights, axis=-1)
    above = np.zeros_like(means)
    above[..., :-1] = np.cumsum((sorted_means[..., 1:] * weights)[..., ::-1], axis=-1)[..., ::-1]
    found = np.empty_like(means)
    np.put_along_axis(found, order, below + above, axis=-1)
    return found
