"""Variance components of a table of scores, points by seeds: the base of every measure of spread.

Model (two-way random effects, seeds crossed with points)::

    y_ij = mu + point_i + seed_j + error_ij,    i < N points, j < R seeds

Expected mean squares: E[MS_point] = R var_point + var_error, E[MS_seed] = N var_seed + var_error,
E[MS_error] = var_error. Solving them gives the ANOVA estimates, unbiased whatever the distribution.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

RESOLUTION = 1e-7
"""Spreads below this share of the scores' own scale are rounding and no spread: scores that never vary give 1e-17."""


class Components(NamedTuple):
    """Mean squares, variance components and intraclass correlations of scores (N points, R seeds).

    Components may be negative: an ANOVA estimate below 0 says that the effect drowns in the noise. It is never
    clipped. ``nan`` marks what the shape cannot give: with R = 1 everything that needs a replicate.
    """

    num_points: int
    num_seeds: int
    mean: float
    ms_point: float
    """Between points, N - 1 degrees of freedom."""
    ms_seed: float
    """Between seeds, R - 1 degrees of freedom."""
    ms_error: float
    """Residual of the crossed model, (N - 1)(R - 1) degrees of freedom."""
    ms_within: float
    """Within points, N (R - 1) degrees of freedom: the noise if seeds were nested in points."""
    var_point: float
    """(MS_point - MS_error) / R."""
    var_seed: float
    """(MS_seed - MS_error) / N."""
    var_error: float
    """MS_error."""


class MeanSquares(NamedTuple):
    """Mean squares over the last two axes (N points, R seeds); leading axes are kept."""

    point: FloatArray
    seed: FloatArray
    error: FloatArray
    within: FloatArray


def table(y: ArrayLike) -> FloatArray:
    """``y`` as a float array of shape (N, R).

    Raises:
        ValueError: it is not two-dimensional, is empty, or holds infinities or NaN.
    """
    array = np.asarray(y, dtype=np.float64)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"scores must have shape (points, seeds), not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("scores must be finite; leave incomplete points out first")
    return array


def mean_squares(y: FloatArray) -> MeanSquares:
    """Mean squares of ``y`` (..., N, R). A mean square without degrees of freedom is NaN."""
    num_points, num_seeds = y.shape[-2:]
    centred = y - y.mean(axis=(-2, -1), keepdims=True)
    point = centred.mean(axis=-1)  # (..., N)
    seed = centred.mean(axis=-2)  # (..., R)
    residual = centred - point[..., :, None] - seed[..., None, :]

    def divide(sum_of_squares: FloatArray, degrees: int) -> FloatArray:
        return np.asarray(sum_of_squares / degrees if degrees > 0 else np.full_like(sum_of_squares, np.nan))

    return MeanSquares(
        divide(num_seeds * (point**2).sum(axis=-1), num_points - 1),
        divide(num_points * (seed**2).sum(axis=-1), num_seeds - 1),
        divide((residual**2).sum(axis=(-2, -1)), (num_points - 1) * (num_seeds - 1)),
        divide(((centred - point[..., None]) ** 2).sum(axis=(-2, -1)), num_points * (num_seeds - 1)),
    )


def point_variance(y: FloatArray, *, crossed: bool = True) -> FloatArray:
    """var_point of ``y`` (..., N, R), unclipped; ``crossed=False`` takes MS_within for the noise (nested seeds)."""
    squares = mean_squares(y)
    noise = squares.error if crossed else squares.within
    return np.asarray((squares.point - noise) / y.shape[-1])


def visible(variance: ArrayLike, y: FloatArray) -> NDArray[np.bool_]:
    """Whether a variance of scores ``y`` is more than rounding: above ``(RESOLUTION * max(1, max |y|))^2``.

    A constant score has a var_point of some 1e-34, of either sign, so that "positive" says nothing; and where MS_point
    equals MS_error their difference is rounding of the mean squares, some 1e-17. NaN is not visible.
    """
    scale = RESOLUTION * max(1.0, float(np.abs(y).max()))
    return np.asarray(np.asarray(variance) > scale**2)


def delete_one_seed_variances(y: FloatArray) -> FloatArray:
    """var_point (crossed) of ``y`` (N, R) without each seed in turn: (R,). NaN with R = 2: no replicate is left."""
    with np.errstate(invalid="ignore"):
        return np.array([point_variance(np.delete(y, j, axis=1)) for j in np.arange(y.shape[1])])


def delete_one_point_variances(y: FloatArray) -> FloatArray:
    """var_point (crossed) of ``y`` (N, R) with each point left out in turn: (N,). Needs N >= 3 and R >= 2.

    Sums are updated instead of recomputed, so the cost is O(N R).
    """
    num_points, num_seeds = y.shape
    left = num_points - 1
    centred = y - y.mean()
    rows = centred.mean(axis=1)  # (N,)
    columns = (centred.sum(axis=0) - centred) / left  # (N, R): seed means without the point
    grand = columns.mean(axis=1)  # (N,)
    total = (centred**2).sum() - (centred**2).sum(axis=1) - left * num_seeds * grand**2
    point = num_seeds * ((rows**2).sum() - rows**2 - left * grand**2)
    seed = left * ((columns - grand[:, None]) ** 2).sum(axis=1)
    error = np.maximum(total - point - seed, 0.0)
    return np.asarray((point / (left - 1) - error / ((left - 1) * (num_seeds - 1))) / num_seeds)


def components(y: ArrayLike) -> Components:
    """Variance components of scores ``y`` (N points, R seeds).

    Source: Shrout and Fleiss, Psychological Bulletin 86 (1979); McGraw and Wong, Psychological Methods 1 (1996).

    Raises:
        ValueError: ``y`` is not a finite two-dimensional array.
    """
    array = table(y)
    num_points, num_seeds = array.shape
    point, seed, error, within = (float(value) for value in mean_squares(array))
    var_point, var_seed = (point - error) / num_seeds, (seed - error) / num_points
    return Components(
        num_points=num_points,
        num_seeds=num_seeds,
        mean=float(array.mean()),
        ms_point=point,
        ms_seed=seed,
        ms_error=error,
        ms_within=within,
        var_point=var_point,
        var_seed=var_seed,
        var_error=error,
    )
