"""The law by which studies are simulated before they are run, and what a pilot says of it without showing its effect.

Accuracy of method m at point i with seed j::

    y_mij = level_m + scale_m x_mi (1 + slope_mj) + seed_mj + noise_mij

x has mean 0 and variance 1; slopes, seeds and noise are normal. Everything that a pilot gives is pooled over its
methods, so that no number tells which of them varies more or is better: exchanging two methods leaves the law as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ssc_tune.analysis.estimators.variance import FloatArray, mean_squares, point_variance, table, visible

LEVEL = 0.75
"""Mean accuracy where nothing is known of it; it matters to the gate on logit(accuracy) alone."""

SLOPE_CV = 0.2
"""How much sensitivity varies by seed where nothing is known of it, as a coefficient of variation."""

SHAPE_POINTS = 8
"""Points from which a pilot gives the shape of the effects and, with 3 seeds, the seed slopes."""

_LARGEST = 0.95
"""Correlations of point effects are held within this."""


class Law(NamedTuple):
    """Variances are means over the two methods, in the square of accuracy as a share of 1."""

    point: float
    seed: float = 0.0
    error: float = 0.0  # MS_error: what points and seeds leave over, seed slopes included
    level: float = LEVEL  # mean accuracy of the two methods
    slope_cv: float = SLOPE_CV  # standard deviation of the slopes, independent between methods and seeds
    point_correlation: float = 0.0  # covariance of the methods' point effects / point
    seed_correlation: float = 0.0  # the same of seed effects, in [0, 1]
    error_correlation: float = 0.0  # and of what is left over, in [0, 1]
    shape: tuple[float, ...] = ()  # standardized point effects, of which x is a smoothed draw; empty for normal ones


def skewed(law: Law) -> Law:
    """The same with effects that have an exponential's tail at the low end, as accuracies often do."""
    ranks = (np.arange(1000) + 0.5) / 1000
    return law._replace(shape=tuple(float(1 + np.log(share)) for share in ranks))


class Pilot(NamedTuple):
    """What a pilot says."""

    law: Law
    num_points: int
    num_seeds: int
    slopes_known: bool  # whether slope_cv comes from the pilot


def check(law: Law) -> None:
    """Raises ValueError unless the law can be drawn from."""
    if not law.point > 0 or not all(0 <= v < math.inf for v in (law.point, law.seed, law.error, law.slope_cv)):
        raise ValueError(f"variances must not be negative, and that of points positive, got {law}")
    if not 0 < law.level < 1:
        raise ValueError(f"the mean accuracy must lie between 0 and 1, not {law.level}")
    if abs(law.point_correlation) > 1 or not (0 <= law.seed_correlation <= 1 and 0 <= law.error_correlation <= 1):
        raise ValueError(f"correlations out of range: {law}")


def draw(
    law: Law, ratio: float, gain: float, shape: tuple[int, int, int], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Scores (S, N, R) of the stable method and of the other.

    ``ratio`` is sd of the first / sd of the second over points; the mean of the two variances is ``law.point`` and the
    covariance ``law.point * law.point_correlation`` whatever the ratio (as far as a correlation of 0.95 allows), so
    that every ratio fits the same pilot. Correlated skewed effects are drawn by a normal copula. What the slopes add
    to MS_error is taken from ``law.error``, as far as it reaches. Accuracies are held within [0, 1].

    Args:
        law: of the accuracies.
        ratio: in (0, 1].
        gain: mean of the first minus mean of the second.
        shape: studies, points, seeds.
        rng: equal generators give the same random numbers whatever law and ratio.
    """
    studies, points, seeds = shape
    normal = rng.standard_normal((2, studies, points))
    slopes = 1 + law.slope_cv * rng.standard_normal((2, studies, 1, seeds))
    seed_draws = rng.standard_normal((3, studies, 1, seeds))
    noise = rng.standard_normal((3, studies, points, seeds))
    other = math.sqrt(2 * law.point / (1 + ratio**2))
    joint = float(np.clip(law.point_correlation * (1 + ratio**2) / (2 * ratio), -_LARGEST, _LARGEST))
    normal[0] = joint * normal[1] + math.sqrt(1 - joint**2) * normal[0]
    effects = _quantiles(normal, law.shape) if law.shape else normal
    seed_own, seed_shared = law.seed * (1 - law.seed_correlation), law.seed * law.seed_correlation
    sloping = law.slope_cv**2 * law.point
    own = max(0.0, law.error * (1 - law.error_correlation) - sloping)
    shared = law.error * law.error_correlation
    drawn = []
    for m, (scale, shift) in enumerate(((ratio * other, gain / 2), (other, -gain / 2))):
        y = scale * effects[m][..., None] * slopes[m]
        y += law.level + shift + math.sqrt(seed_own) * seed_draws[m] + math.sqrt(seed_shared) * seed_draws[2]
        y += math.sqrt(own) * noise[m]
        if shared > 0:
            y += math.sqrt(shared) * noise[2]
        drawn.append(np.clip(y, 0.0, 1.0, out=y))
    return drawn[0], drawn[1]


def _quantiles(normal: FloatArray, shape: tuple[float, ...]) -> FloatArray:
    """Normal draws through the quantile function of ``shape`` smoothed, with mean 0 and variance 1."""
    found: FloatArray = np.interp(normal, *_quantile_function(shape))
    return found


@lru_cache(maxsize=8)
def _quantile_function(shape: tuple[float, ...]) -> tuple[FloatArray, FloatArray]:
    """Normal quantiles and those of ``shape`` smoothed by a normal kernel, shrunk to variance 1.

    The kernel is as wide as Silverman's for a density (Density Estimation, 1986, section 3.4.2) but shrinks with the
    cube root of the number of values, as it should for a distribution function (Azzalini, Biometrika 68, 1981).
    """
    x = np.asarray(shape, dtype=np.float64)
    x = (x - x.mean()) / x.std()
    low, high = np.quantile(x, (0.25, 0.75))
    width = 0.9 * min(1.0, max(float(high - low) / 1.349, 0.1)) * len(x) ** (-1 / 3)
    grid = np.linspace(x.min() - 5 * width, x.max() + 5 * width, 2001)
    share = sum(special.ndtr((grid - one) / width) for one in x) / len(x)
    return special.ndtri(np.clip(share, 1e-15, 1 - 1e-15)), grid / math.sqrt(1 + width**2)


def of_pilot(tables: Sequence[ArrayLike]) -> Pilot:
    """The law behind the scores (N, R) of several methods, the same points and seeds, without saying which is which.

    - Components by the two-way analysis, means over the methods; a negative seed component becomes 0, and it is at
      least what the methods' seeds do not have in common.
    - Correlations from the components of the methods' differences: ``1 - var(y_A - y_B) / (2 var)``, means over pairs.
    - Effects: the point means of every method, centred and divided by their own standard deviation.
    - Slopes: :func:`slope_cv`.

    Raises:
        ValueError: one seed, or a pooled point variance that is no more than rounding.
    """
    y = np.stack([table(one) for one in tables])  # (M, N, R)
    num_points, num_seeds = y.shape[1:]
    if num_points < 2 or num_seeds < 2:
        raise ValueError("a pilot needs at least 2 points and 2 seeds: otherwise noise counts as sensitivity")
    point, seed, error = _components(y)
    if not visible(point, y):
        raise ValueError("the pilot shows no spread over points beyond the noise of the seeds: power is undefined")
    own = [0.5 * value for value in _components(np.stack([a - b for a, b in combinations(y, 2)]))] if len(y) > 1 else []
    seed, error = max(0.0, seed), max(0.0, error)
    correlations = {}
    if own:
        seed = max(seed, own[1])
        correlations["point_correlation"] = float(np.clip(1 - own[0] / point, -_LARGEST, _LARGEST))
        correlations["seed_correlation"] = _share_in_common(own[1], seed)
        correlations["error_correlation"] = _share_in_common(own[2], error)
    slopes = slope_cv(y)
    known = math.isfinite(slopes)
    law = Law(
        point, seed, error, float(y.mean()), slopes if known else SLOPE_CV, **correlations, shape=_standardized(y)
    )
    return Pilot(law, num_points, num_seeds, known)


def _components(y: FloatArray) -> tuple[float, float, float]:
    """var_point, var_seed, var_error, means over the leading axis."""
    squares = mean_squares(y)
    seed = (squares.seed - squares.error) / y.shape[-2]
    return float(point_variance(y).mean()), float(seed.mean()), float(squares.error.mean())


def _share_in_common(own: float, whole: float) -> float:
    return float(np.clip(1 - own / whole, 0.0, 1.0)) if whole > 0 else 0.0


def _standardized(y: FloatArray) -> tuple[float, ...]:
    """Standardized point means of all methods together, sorted; none of a method without any, or of few points."""
    if y.shape[1] < SHAPE_POINTS:
        return ()
    means = y.mean(axis=-1)
    spread = means.std(axis=-1, keepdims=True)
    alive = visible(spread**2, y)
    found = ((means - means.mean(axis=-1, keepdims=True)) / np.where(alive, spread, 1.0))[alive[:, 0]]
    return tuple(float(value) for value in np.sort(found, axis=None))


def slope_cv(y: FloatArray) -> float:
    """Coefficient of variation of the seeds' slopes on the points, pooled over methods; ``y`` (M, N, R).

    With e the centred point means and r the residuals of the two-way model, ``T_j = sum_i r_ij e_i``. Given e, T_j has
    variance ``slope variance (sum e x scale)^2 + noise sum e^2``, so that::

        cv^2 = sum_m [sum_j T_j^2 / (R - 1) - noise_m sum e^2] / sum_m ((N - 1) var_point_m)^2

    with the noise from what the slopes leave of r, (N - 2)(R - 1) degrees of freedom; a negative value becomes 0.
    Source: the bundle of straight lines of Mandel, JASA 56 (1961); Tukey's one degree of freedom, Biometrics 5 (1949).

    NaN below 8 points or 3 seeds, or without any spread.
    """
    num_points, num_seeds = y.shape[-2:]
    if num_points < SHAPE_POINTS or num_seeds < 3:
        return math.nan
    means = y.mean(axis=-1)
    e = means - means.mean(axis=-1, keepdims=True)
    r = y - means[..., None]
    r = r - r.mean(axis=-2, keepdims=True)
    along = np.einsum("mi,mij->mj", e, r)
    squares = (e**2).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = np.where(squares > 0, (along**2).sum(axis=-1) / squares, 0.0)
    noise = ((r**2).sum(axis=(-2, -1)) - slopes) / ((num_points - 2) * (num_seeds - 1))
    above = (along**2).sum(axis=-1) / (num_seeds - 1) - noise * squares
    scale = float((((num_points - 1) * point_variance(y)) ** 2).sum())
    return math.sqrt(max(0.0, float(above.sum()) / scale)) if scale > 0 else math.nan
