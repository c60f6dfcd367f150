"""How far a method's scores reach over the points of a design. Higher scores are better throughout."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ssc_tune.analysis.estimators.variance import FloatArray, mean_squares, point_variance, table

WORST_FRACTION = 0.1
"""The share of points that CVaR averages over, unless told otherwise."""
LOGIT_FLOOR = 0.0005
"""Accuracies are held this far from 0 and 1 before the logit: half an image of a test split of 1,000."""


def corrected_std(y: ArrayLike) -> float:
    """Standard deviation over points with the seed noise removed: sqrt(var_point) of scores ``y`` (N, R).

    NaN where it is undefined: with one seed or one point (the noise cannot be told from the effect), and where the
    estimate of var_point is negative (the spread over points is less than the noise alone would make it). It is 0
    only if var_point is exactly 0.
    """
    array = table(y)
    if min(array.shape) < 2:
        return math.nan
    variance = float(point_variance(array))
    return math.sqrt(variance) if variance >= 0 else math.nan


def uncorrected_std(y: ArrayLike) -> float:
    """Standard deviation of the point means (N - 1 in the denominator), noise included; NaN for one point."""
    array = table(y)
    return float(array.mean(axis=1).std(ddof=1)) if len(array) > 1 else math.nan


def denoised_means(y: FloatArray) -> FloatArray:
    """Point means (..., N) pulled to their mean so that their variance is var_point, for ``y`` (..., N, R).

    ``mean + sqrt(var_point / var(point means)) * (point mean - mean)``: ordinary shrinkage, which shrinks by the ratio
    itself, would understate the spread; its square root gives quantiles and ranges of the right scale (constrained
    empirical Bayes: Louis, JASA 79, 1984). The shape is kept as it is, so noise of another shape than the effect
    leaves a trace. NaN where var_point is negative or R = 1.
    """
    means = y.mean(axis=-1)
    centre = means.mean(axis=-1, keepdims=True)
    variance, observed = point_variance(y), mean_squares(y).point / y.shape[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.sqrt(variance / observed)
    return np.asarray(centre + factor[..., None] * (means - centre))


def iqr(values: ArrayLike) -> float:
    """Interquartile range of ``values`` (N,), quantiles by linear interpolation (type 7)."""
    low, high = np.quantile(_vector(values), (0.25, 0.75))
    return float(high - low)


def range(values: ArrayLike) -> float:
    """Largest minus smallest of ``values`` (N,). It grows with N: compare only at equal numbers of points."""
    array = _vector(values)
    return float(array.max() - array.min())


def worst(values: ArrayLike) -> float:
    """Smallest of ``values`` (N,)."""
    return float(_vector(values).min())


def cvar_weights(num_values: int, fraction: float = WORST_FRACTION) -> FloatArray:
    """Weights (N,) of the sorted values, lowest first, in the mean of the worst ``fraction``; they sum to 1.

    With k = fraction * N, the first floor(k) values weigh 1/k each and the next one the rest.

    Raises:
        ValueError: ``fraction`` is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction must lie in (0, 1], not {fraction}")
    share = fraction * num_values
    weights: FloatArray = np.clip(share - np.arange(num_values), 0.0, 1.0) / share
    return weights


def tail_degrees(num_points: int, fraction: float = WORST_FRACTION) -> float:
    """Degrees of freedom that a CVaR's interval has of its points: about as many as lie in the tail, at least 1.

    ``max(1, fraction N)``. With N - 1, methods that are alike, with a tenth of their points at chance, are told apart
    in 14 to 16% of studies of 16 points and 11% of 32: the few in the tail hardly know how much tails vary.
    """
    return max(1.0, fraction * num_points)


def cvar(values: ArrayLike, fraction: float = WORST_FRACTION) -> float:
    """Mean of the worst ``fraction`` of ``values`` (N,), with fractional weights: expected shortfall.

    Below 1/fraction values it is the worst value alone. Source: Acerbi and Tasche, J. Banking and Finance 26 (2002).
    """
    array = np.sort(_vector(values))
    return float(array @ cvar_weights(len(array), fraction))


def _vector(values: ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"values must be a finite vector, not of shape {array.shape}")
    return array


def logit(accuracy: FloatArray) -> FloatArray:
    """``ln(p / (1 - p))`` of accuracies held within [LOGIT_FLOOR, 1 - LOGIT_FLOOR]."""
    held = np.clip(accuracy, LOGIT_FLOOR, 1 - LOGIT_FLOOR)
    odds: FloatArray = np.log(held / (1 - held))
    return odds


def cvar_of_tables(y: FloatArray) -> FloatArray:
    """CVaR10 of the point means of ``y`` (..., N, R)."""
    return np.asarray(np.sort(y.mean(axis=-1), axis=-1) @ cvar_weights(y.shape[-2]))
