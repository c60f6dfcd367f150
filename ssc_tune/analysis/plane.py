"""Adkins' plane: how well a method does over several settings, against how much it must be retuned for each.

Source: Adkins, Bowling and White, NeurIPS 2024; measures in :mod:`ssc_tune.analysis.transfer`. Deviation: intervals are
over points and seeds; the settings are those of the study, not a sample of settings.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssc_tune.analysis import intervals, transfer
from ssc_tune.analysis.intervals import Interval
from ssc_tune.analysis.variance import FloatArray as Array
from ssc_tune.analysis.volume import seed_splits

UNDEFINED = -1


class Dimensions(NamedTuple):
    """How often each effective dimension was found among resamples of points and seeds."""

    shares: tuple[float, ...]  # of 0, 1, ..., P parameters to be retuned
    likely: tuple[int, ...]  # the fewest dimensions that make up the confidence asked for
    num_draws: int  # in which the dimension is defined


def sensitivity_interval(scores: Array, limits: Array, confidence: float = 0.95) -> Interval:
    """Phi of ``scores`` (D, N, R) normalized by ``limits`` (D, 2), chosen and scored on different seeds.

    t interval from the jackknife over points and seeds. It is about Phi of N random points, chosen on half of R seeds;
    in simulations of smooth surfaces with 2 and 3 settings, 32 and 64 points and 3 or 5 seeds it covers 93 to 100%.
    Undefined for fewer than 3 points or 3 seeds.
    """
    _, num_points, num_seeds = scores.shape
    gamma = transfer.normalize(scores, limits=limits)
    whole = transfer.held_out_sensitivity(gamma).sensitivity
    if num_seeds < 3:
        return intervals.undefined("fewer than 3 seeds: none is left to score on when one is left out", whole)
    if num_points < 3:
        return intervals.undefined("fewer than 3 points", whole)

    def without(index: int, axis: int) -> float:
        return transfer.held_out_sensitivity(np.delete(gamma, index, axis=axis)).sensitivity

    points = np.full(num_points, whole)  # a point that no split chooses changes nothing
    for i in _ever_chosen(gamma):
        points[i] = without(i, 1)
    seeds = np.array([without(j, 2) for j in range(num_seeds)])
    return intervals.from_left_out(whole, points, seeds, confidence)


def _ever_chosen(gamma: Array) -> list[int]:
    """Points that are the best of a setting, or of all, on the choosing seeds of some split."""
    found: set[int] = set()
    for choose, _ in seed_splits(gamma.shape[2]):
        chosen = gamma @ choose  # (D, N)
        found |= {*map(int, chosen.argmax(axis=1)), int(chosen.mean(axis=0).argmax())}
    return sorted(found)


def effective_dimensions(scores: Array, target: float = 0.95) -> NDArray[np.int64]:
    """:func:`ssc_tune.analysis.transfer.effective_dimension` of B score tables at once: (B,).

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
