"""A smooth model of the score over the unit cube, from which effects of parameters are read.

A Gaussian process with a squared-exponential kernel that is a product over parameters, so that every average and every
variance over the cube is a product of one-dimensional integrals: exact up to quadrature, with no sampling error.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve

from ssc_tune.analysis.estimators.variance import FloatArray as Array
from ssc_tune.analysis.estimators.variance import mean_squares

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_MAX_POINTS = 600  # points the process is conditioned on
_MAX_FIT = 200  # points its length scales are fitted to


class Kernel(NamedTuple):
    """Fitted to standardized values."""

    amplitude: float
    length_scales: Array  # one a column
    noise: float


class Resampled(NamedTuple):
    """Models fitted to B resamples of the points, in standardized values."""

    alphas: Array  # (N, B)
    centres: Array  # (B,) what is added to the kernel sum


class Surrogate(NamedTuple):
    """A fitted process: the model is ``mean + scale * amplitude * sum_i alpha_i prod_d k_d(x_d, x_id)``."""

    columns: Array  # (N, Q) points, categories as indicator columns
    groups: tuple[tuple[int, ...], ...]  # columns of each parameter
    kernel: Kernel
    mean: float
    scale: float
    standardized: Array  # (N,)
    deviations: Array  # (N, R) of the seeds from their point's mean, in the same unit; one column of 0 without seeds
    alpha: Array  # (N,)
    categories: Mapping[int, int]

    def predict(self, points: ArrayLike) -> Array:
        """Values at ``points`` (M, P) of the unit cube."""
        new, _ = encode(points, self.categories)
        factor = _product(new, self.columns, self.kernel.length_scales)
        return np.asarray(self.mean + self.scale * self.kernel.amplitude * (factor @ self.alpha))

    def nodes(self, dimension: int) -> tuple[Array, Array]:
        """Quadrature over one parameter: its kernel at the nodes (G, N) and the weights (G,)."""
        group = list(self.groups[dimension])
        if dimension in self.categories:
            size = self.categories[dimension]
            at, weight = np.eye(size), np.full(size, 1 / size)
        else:
            at, weight = (_NODES[:, None] + 1) / 2, _WEIGHTS / 2
        return _product(at, self.columns[:, group], self.kernel.length_scales[group]), weight

    def bootstrap(self, num_bootstrap: int, *, rng: np.random.Generator) -> Resampled:
        """Coefficients of resampled points and seeds, 0 for points not drawn; the kernel is kept.

        A point drawn c times is one observation with noise / c, the same posterior as c copies. Seeds, which all points
        share, are drawn with replacement too (Owen's pigeonhole bootstrap), their deviations scaled by
        sqrt(R / (R - 1)), as R of R drawn vary too little.
        """
        size, num_seeds = self.deviations.shape
        stretch = np.sqrt(num_seeds / (num_seeds - 1)) if num_seeds > 1 else 0.0
        covariance = self.kernel.amplitude * _product(self.columns, self.columns, self.kernel.length_scales)
        found, centres = np.zeros((size, num_bootstrap)), np.zeros(num_bootstrap)
        for b in range(num_bootstrap):
            counts = np.bincount(rng.integers(size, size=size), minlength=size)
            drawn = np.flatnonzero(counts)
            columns = rng.integers(num_seeds, size=num_seeds)
            values = self.standardized + stretch * self.deviations[:, columns].mean(axis=1)
            centre = float(np.average(values, weights=counts))
            system = covariance[np.ix_(drawn, drawn)] + np.diag(self.kernel.noise / counts[drawn])
            found[drawn, b] = cho_solve(cho_factor(system), values[drawn] - centre)
            centres[b] = centre
        return Resampled(found, centres)

    def predict_resampled(self, points: ArrayLike, resampled: Resampled) -> Array:
        """Values (B, M) at ``points`` (M, P) of the unit cube, by the models of :meth:`bootstrap`."""
        new, _ = encode(points, self.categories)
        factor = self.kernel.amplitude * _product(new, self.columns, self.kernel.length_scales)
        return np.asarray(self.mean + self.scale * (resampled.centres + factor @ resampled.alphas).T)


class Fitted(NamedTuple):
    """A surrogate of point means with its cross-validated R2."""

    model: Surrogate
    r2: float


def encode(points: ArrayLike, categories: Mapping[int, int]) -> tuple[Array, tuple[tuple[int, ...], ...]]:
    """Columns for the kernel: a parameter is one column, a choice one indicator a category.

    A category has no order, and its position in the unit interval would invent one; with indicators the kernel between
    two categories is a free number below 1.

    Args:
        points: (N, P) in the unit cube, a choice at the centre of its bin.
        categories: number of categories of each dimension that is a choice.

    Raises:
        ValueError: not a table of numbers in [0, 1].
    """
    unit = np.asarray(points, dtype=np.float64)
    if unit.ndim != 2 or not (np.isfinite(unit).all() and (unit >= -1e-9).all() and (unit <= 1 + 1e-9).all()):
        raise ValueError("points must be a table (points x parameters) of numbers in [0, 1]")
    columns: list[Array] = []
    groups: list[tuple[int, ...]] = []
    for k in range(unit.shape[1]):
        if k in categories:
            index = np.minimum((unit[:, k] * categories[k]).astype(int), categories[k] - 1)
            new = np.eye(categories[k])[index]
        else:
            new = unit[:, k : k + 1]
        start = sum(len(group) for group in groups)
        groups.append(tuple(range(start, start + new.shape[1])))
        columns.append(new)
    return np.hstack(columns), tuple(groups)


def _product(a: Array, b: Array, length_scales: Array) -> Array:
    scaled_a, scaled_b = a / length_scales, b / length_scales
    square = (scaled_a**2).sum(1)[:, None] + (scaled_b**2).sum(1)[None, :] - 2 * scaled_a @ scaled_b.T
    return np.asarray(np.exp(-0.5 * np.maximum(square, 0.0)))


def _fit_kernel(
    columns: Array, values: Array, *, start: Kernel | None, restarts: int, rng: np.random.Generator
) -> Kernel:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    if len(values) > _MAX_FIT:
        chosen = rng.permutation(len(values))[:_MAX_FIT]
        columns, values = columns[chosen], values[chosen]
    first = start or Kernel(1.0, np.full(columns.shape[1], 0.7), 0.1)
    kernel = ConstantKernel(first.amplitude, (1e-2, 1e3)) * RBF(first.length_scales, (0.05, 100.0)) + WhiteKernel(
        first.noise, (1e-5, 10.0)
    )
    process = GaussianProcessRegressor(kernel, n_restarts_optimizer=restarts, random_state=int(rng.integers(2**31 - 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a parameter without effect ends at its bound
        process.fit(columns, values)
    fitted = process.kernel_
    scales = np.atleast_1d(np.asarray(fitted.k1.k2.length_scale, dtype=np.float64))
    return Kernel(float(fitted.k1.k1.constant_value), scales, float(fitted.k2.noise_level))


def _condition(
    columns: Array, groups: tuple[tuple[int, ...], ...], scores: Array, kernel: Kernel, categories: Mapping[int, int]
) -> Surrogate:
    values = scores.mean(axis=1)
    mean, scale = float(values.mean()), float(values.std())
    standardized, deviations = (values - mean) / scale, (scores - values[:, None]) / scale
    system = kernel.amplitude * _product(columns, columns, kernel.length_scales) + kernel.noise * np.eye(len(values))
    alpha = cho_solve(cho_factor(system), standardized)
    return Surrogate(columns, groups, kernel, mean, scale, standardized, deviations, alpha, dict(categories))


def fit(
    points: ArrayLike,
    values: ArrayLike,
    *,
    categories: Mapping[int, int] | None = None,
    rng: np.random.Generator,
    start: Kernel | None = None,
) -> Surrogate:
    """Fits the process to point means by maximum likelihood (scikit-learn).

    Beyond 600 points a random 600 are used, and length scales are fitted to at most 200: the time of a fit then no
    longer grows.

    Args:
        points: (N, P) in the unit cube.
        values: (N, R) scores, of which the means over seeds are fitted; (N,) where there are no seeds to resample.
        categories: see :func:`encode`.
        rng: for restarts and subsets.
        start: kernel to start from, without restarts.

    Raises:
        ValueError: fewer than 4 points, or values that do not vary.
    """
    known = dict(categories or {})
    columns, groups = encode(points, known)
    scores = np.asarray(values, dtype=np.float64)
    scores = scores[:, None] if scores.ndim == 1 else scores
    if scores.ndim != 2 or len(scores) != len(columns) or not np.isfinite(scores).all():
        raise ValueError(f"expected {len(columns)} finite values, got shape {scores.shape}")
    y = scores.mean(axis=1)
    if len(y) < 4:
        raise ValueError(f"too few points for a surrogate: {len(y)}, at least 4 are needed")
    if np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        raise ValueError("the values do not vary")
    if len(y) > _MAX_POINTS:
        chosen = rng.permutation(len(y))[:_MAX_POINTS]
        columns, scores, y = columns[chosen], scores[chosen], y[chosen]
    standardized = (y - y.mean()) / y.std()
    kernel = _fit_kernel(columns, standardized, start=start, restarts=0 if start else 1, rng=rng)
    return _condition(columns, groups, scores, kernel, known)


def least_points(num_parameters: int) -> int:
    """Points from which a surrogate is fitted and validated."""
    return max(10, 2 * (num_parameters + 1))


def fitted(points: Array, scores: Array, *, categories: Mapping[int, int] | None, rng: np.random.Generator) -> Fitted:
    """:func:`fit` to scores (N, R) at points (N, P), with its :func:`cross_validated_r2`; errors are those of both."""
    model = fit(points, scores, categories=categories, rng=rng)
    means = scores.mean(axis=1)
    return Fitted(model, cross_validated_r2(points, means, categories=categories, rng=rng, start=model.kernel))


def unexplained(values: ArrayLike, r2: float) -> float:
    """What a surrogate leaves unexplained of the variance of point means, seed noise apart: in [0, 1].

    ``1 - r2 - MS_error / (R var(point means))`` of scores (N, R): noise of the means cannot be predicted and is no
    fault of the surrogate. What is left may belong to any parameter, and no resample of the points shows it: a smooth
    model of a cliff is smooth in every one.
    """
    scores = np.asarray(values, dtype=np.float64)
    means, noise = scores.mean(axis=1), 0.0
    if min(scores.shape) > 1 and np.ptp(means) > 0:
        noise = float(mean_squares(scores).error) / scores.shape[1] / float(means.var(ddof=1))
    return min(1.0, max(0.0, 1 - r2 - noise))


def cross_validated_r2(
    points: ArrayLike,
    values: ArrayLike,
    *,
    categories: Mapping[int, int] | None = None,
    rng: np.random.Generator,
    folds: int = 5,
    start: Kernel | None = None,
) -> float:
    """1 - sum of squared errors on left-out folds / that of predicting the mean of the other folds.

    The kernel is fitted anew in every fold. Against noisy means it stays below 1 even for the true function. NaN with
    fewer than two points a fold.
    """
    x, y = np.asarray(points, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if len(y) < 2 * folds:
        return float("nan")
    if len(y) > _MAX_POINTS:
        chosen = rng.permutation(len(y))[:_MAX_POINTS]
        x, y = x[chosen], y[chosen]
    fold = rng.permutation(np.arange(len(y)) % folds)
    error, baseline = 0.0, 0.0
    for k in range(folds):
        train, test = fold != k, fold == k
        if np.ptp(y[train]) == 0:
            return float("nan")
        predicted = fit(x[train], y[train], categories=categories, rng=rng, start=start).predict(x[test])
        error += float(((y[test] - predicted) ** 2).sum())
        baseline += float(((y[test] - y[train].mean()) ** 2).sum())
    return 1 - error / baseline
