"""Adkins' plane: how well a method does over several settings, against how much it must be retuned for each.

Source: Adkins, Bowling and White, NeurIPS 2024; measures in :mod:`ssc_tune.analysis.estimators.transfer`. Deviation:
intervals are over points and seeds; the settings are those of the study, not a sample of settings.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssc_tune.analysis.estimators import extremes, intervals, transfer
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.splits import ONE_SEED
from ssc_tune.analysis.estimators.variance import FloatArray as Array

UNDEFINED = -1


class Dimensions(NamedTuple):
    """How often each effective dimension was found among resamples of points and seeds."""

    shares: tuple[float, ...]  # of 0, 1, ..., P parameters to be retuned
    likely: tuple[int, ...]  # the fewest dimensions that make up the confidence asked for
    num_draws: int  # in which the dimension is defined


def sensitivity_interval(test: Array, validation: Array, limits: Array, confidence: float = 0.95) -> Interval:
    """Phi of scores ``test`` (D, N, R), chosen by ``validation`` (D, N, R) on other seeds than those that score.

    Both are normalized by ``limits`` (D, 2), which are taken as known. t interval from the jackknife over points and
    seeds (:func:`ssc_tune.analysis.estimators.extremes.crossed`). It is about Phi of N random points, chosen on half
    of R seeds. Undefined for fewer than 3 points or 3 seeds; NaN for one seed.
    """
    if test.shape[2] < 2:
        return intervals.undefined(ONE_SEED)
    gamma, chooser = (transfer.normalize(scores, limits=limits) for scores in (test, validation))
    budget = [test.shape[1]]
    tuned = [extremes.expected(y, by, budget) for y, by in zip(gamma, chooser, strict=True)]
    mean = extremes.Sample(*(np.mean(parts, axis=0) for parts in zip(*tuned, strict=True)))
    return mean.minus(extremes.expected(gamma.mean(axis=0), chooser.mean(axis=0), budget)).interval(
        confidence=confidence
    )


def effective_dimensions(scores: Array, target: float = 0.95) -> NDArray[np.int64]:
    """:func:`ssc_tune.analysis.estimators.transfer.effective_dimension` of B score tables at once: (B,).

    Args:
        scores: (B, D, L_1, ..., L_P), normalized, on a grid of the P parameters.
        target: share of the fully retuned score.

    Returns:
        ``UNDEFINED`` where the fully retuned score is not positive.
    """
    num_draws, num_settings, *sizes = scores.shape
    num_parameters = len(sizes)
    full = scores.reshape(num_draws, num_settings, -1).max(axis=2).mean(axis=1)  # (B,)
    best = scores.mean(axis=1).reshape(num_draws, -1).argmax(axis=1)
    fixed = np.unravel_index(best, sizes)  # P arrays (B,)
    found = np.full(num_draws, UNDEFINED, dtype=np.int64)
    for size in range(num_parameters + 1):
        reached = np.full(num_draws, -np.inf)
        for retuned in itertools.combinations(range(num_parameters), size):
            reached = np.maximum(reached, _retuned(scores, fixed, retuned))
        found[(found == UNDEFINED) & (full > 0) & (reached >= target * full - 1e-12)] = size
    return found


def _retuned(scores: Array, fixed: tuple[NDArray[np.intp], ...], retuned: tuple[int, ...]) -> Array:
    """Mean over settings (B,) of the best score where only ``retuned`` may differ from the fixed point."""
    part = scores
    for k in range(len(fixed)):
        axis = k + 2
        if k in retuned:
            continue
        index = fixed[k].reshape(-1, *[1] * (part.ndim - 1))
        part = np.take_along_axis(part, index, axis=axis)
    return np.asarray(part.reshape(*part.shape[:2], -1).max(axis=2).mean(axis=1))


def distribution(dimensions: NDArray[np.int64], num_parameters: int, confidence: float = 0.95) -> Dimensions:
    """Shares of the dimensions found, and the most frequent ones that together reach ``confidence``."""
    defined = dimensions[dimensions != UNDEFINED]
    if not len(defined):
        return Dimensions((), (), 0)
    shares = np.bincount(defined, minlength=num_parameters + 1) / len(defined)
    order = np.argsort(-shares, kind="stable")
    count = int(np.searchsorted(np.cumsum(shares[order]), confidence - 1e-12)) + 1
    return Dimensions(tuple(map(float, shares)), tuple(sorted(map(int, order[:count]))), len(defined))
