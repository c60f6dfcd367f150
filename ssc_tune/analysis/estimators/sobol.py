"""Sobol indices: which parameters, alone and together, the variance over the search space comes from.

S_i = Var(E[f | x_i]) / Var(f), S_ij the share of the pure interaction of two, ST_i everything x_i takes part in.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ssc_tune.analysis.estimators import surrogate
from ssc_tune.analysis.estimators.splits import points_by_seeds
from ssc_tune.analysis.estimators.variance import FloatArray as Array

MINIMUM_R2 = 0.5
"""Cross-validated R2 from which anything is told of a surrogate: curves, shares, paths and dimensions."""


def too_little(r2: float, minimum: float = MINIMUM_R2) -> str:
    """Why nothing is told of a surrogate with this R2; empty where it explains enough."""
    return "" if r2 >= minimum else f"cross-validated R2 of the surrogate is {r2:.2f}, below {minimum:g}"


class Indices(NamedTuple):
    """Indices of P parameters; NaN everywhere, with a reason, where they are refused."""

    first: Array  # (P,)
    total: Array  # (P,)
    second: Array  # (P, P), symmetric, NaN on the diagonal
    first_error: Array  # (P,) standard errors, bootstrap over points
    total_error: Array  # (P,)
    second_error: Array  # (P, P)
    variance: float  # of the surrogate over the cube, in the square of the values' unit
    r2: float  # cross-validated
    confidence: float
    reason: str

    def interval(self, kind: str) -> tuple[Array, Array]:
        """Limits of ``first``, ``total`` or ``second``: normal, from the standard error, cut to [0, 1]."""
        value, error = getattr(self, kind), getattr(self, f"{kind}_error")
        reach = stats.norm.ppf(0.5 + self.confidence / 2) * error
        return np.clip(value - reach, 0, 1), np.clip(value + reach, 0, 1)


class _Shares(NamedTuple):
    variance: Array  # (B,)
    first: Array  # (P, B)
    total: Array  # (P, B)
    second: Array  # (P, P, B)


def _quadratic(matrix: Array, vectors: Array) -> Array:
    return np.asarray(np.einsum("nb,nb->b", vectors, matrix @ vectors))


def shares(model: surrogate.Surrogate, alphas: Array) -> _Shares:
    """Indices of the models with coefficients ``alphas`` (N, B) on the surrogate's kernel, by quadrature.

    With b_d = integral of k_d(x, x_i) and A_d = integral of k_d(x, x_i) k_d(x, x_j), the part of the variance that
    belongs to a set S is alpha' [prod over S of (A_d - b_d b_d') * prod over the others of b_d b_d'] alpha.
    """
    size, number = len(model.groups), alphas.shape[1]
    moments, means = [], []
    for d in range(size):
        at, weight = model.nodes(d)
        moments.append(at.T @ (weight[:, None] * at))
        means.append(weight @ at)

    def others(*without: int) -> Array:
        kept = [means[d] for d in range(size) if d not in without]
        return np.prod(kept, axis=0) if kept else np.ones(len(alphas))

    centre = others() @ alphas
    variance = _quadratic(np.prod(moments, axis=0), alphas) - centre**2
    centred = [m - np.outer(b, b) for m, b in zip(moments, means, strict=True)]
    first = np.array([_quadratic(centred[d], others(d)[:, None] * alphas) for d in range(size)])
    total = np.empty((size, number))
    for d in range(size):
        rest = [np.outer(means[e], means[e]) if e == d else moments[e] for e in range(size)]
        total[d] = variance - (_quadratic(np.prod(rest, axis=0), alphas) - centre**2)
    second = np.full((size, size, number), np.nan)
    for i, j in itertools.combinations(range(size), 2):
        second[i, j] = second[j, i] = _quadratic(centred[i] * centred[j], others(i, j)[:, None] * alphas)
    scale = (model.scale * model.kernel.amplitude) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return _Shares(variance * scale, first / variance, total / variance, second / variance)


def refused(size: int, reason: str, *, r2: float = float("nan"), confidence: float = 0.95) -> Indices:
    """Indices that are not defined, with the reason."""
    row, table = np.full(size, np.nan), np.full((size, size), np.nan)
    return Indices(row, row, table, row, row, table, float("nan"), r2, confidence, reason)


def indices(
    points: ArrayLike,
    values: ArrayLike,
    *,
    categories: Mapping[int, int] | None = None,
    num_bootstrap: int = 200,
    confidence: float = 0.95,
    minimum_r2: float = MINIMUM_R2,
    rng: np.random.Generator | None = None,
    fitted: surrogate.Fitted | None = None,
) -> Indices:
    """First-order, second-order and total indices of a surrogate fitted to the points.

    Args:
        points: (N, P) in the unit cube, through each parameter's own scale.
        values: (N,) or (N, R), of which the mean over seeds is taken.
        categories: number of categories of each dimension that is a choice.
        num_bootstrap: resamples of points and seeds for the standard errors; length scales are kept.
        confidence: of :meth:`Indices.interval`.
        minimum_r2: below this cross-validated R2 the indices are refused.
        rng: default ``default_rng(0)``.
        fitted: the surrogate, where there is one already.

    Deviation: the surrogate's indices are not sampled by SALib or ``scipy.stats.sobol_indices`` but integrated
    (:func:`shares`), which is exact and a hundred times faster under the bootstrap; the tests compare the three.
    The bootstrap gives standard errors rather than percentiles, as a resample holds only 63% of the points and is
    fitted a little worse.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    x, scores = np.asarray(points, dtype=np.float64), points_by_seeds(values)
    if x.ndim != 2 or len(x) != len(scores):
        raise ValueError(f"points {x.shape} and {len(scores)} values do not agree")
    size = x.shape[1]
    if fitted is None and len(x) < surrogate.least_points(size):
        few = f"too few points for a surrogate of {size} parameters: {len(x)}"
        return refused(size, few, confidence=confidence)
    try:
        model, r2 = fitted or surrogate.fitted(x, scores, categories=categories, rng=rng)
    except ValueError as error:
        return refused(size, str(error), confidence=confidence)
    reason = too_little(r2, minimum_r2)
    if reason:
        return refused(size, reason, r2=r2, confidence=confidence)
    return from_surrogate(model, r2=r2, num_bootstrap=num_bootstrap, confidence=confidence, rng=rng)


def from_surrogate(
    model: surrogate.Surrogate, *, r2: float, num_bootstrap: int, confidence: float, rng: np.random.Generator
) -> Indices:
    """The indices of a surrogate already fitted, whatever its ``r2``."""
    found = shares(model, model.alpha[:, None])
    if num_bootstrap > 1:
        resampled = shares(model, model.bootstrap(num_bootstrap, rng=rng).alphas)
        errors = [part.std(axis=-1, ddof=1) for part in (resampled.first, resampled.total, resampled.second)]
    else:
        errors = [np.full(part.shape[:-1], np.nan) for part in (found.first, found.total, found.second)]
    first, total, second = found.first[:, 0], found.total[:, 0], found.second[:, :, 0]
    return Indices(first, total, second, errors[0], errors[1], errors[2], float(found.variance[0]), r2, confidence, "")
