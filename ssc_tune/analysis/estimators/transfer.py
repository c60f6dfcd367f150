"""Transfer over settings: does one choice of hyperparameters serve every data set, label budget and net?

Source: Adkins, Bowling and White, "A Method for Evaluating Hyperparameter Sensitivity in Reinforcement Learning",
NeurIPS 2024. Deviation: the best is also chosen and scored on different seeds (:func:`held_out_sensitivity`), because
pure noise otherwise gives a sensitivity of E[max of N] (1 - 1 / sqrt(D)) sd / sqrt(R).
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ssc_tune.analysis.estimators import extremes, intervals
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.splits import ONE_SEED
from ssc_tune.analysis.estimators.variance import FloatArray as Array
from ssc_tune.analysis.estimators.volume import corrected_best


class Transfer(NamedTuple):
    """Phi and its two terms."""

    sensitivity: float  # tuned - fixed
    tuned: float  # mean over settings of the best point of each
    fixed: float  # best over points of the mean over settings
    best_point: int  # index of the best fixed point
    reason: str = ""  # why it is undefined; empty otherwise


class EffectiveDimension(NamedTuple):
    """How many hyperparameters must be retuned a setting."""

    num_parameters: int | None
    retuned: tuple[int, ...]  # the columns retuned in the smallest sufficient set
    scores: tuple[float, ...]  # best score with 0, 1, ..., P columns retuned
    reason: str = ""


def normalize(
    scores: ArrayLike, *, percentiles: tuple[float, float] = (5, 95), limits: ArrayLike | None = None
) -> Array:
    """Gamma = (y - low_d) / (high_d - low_d) in each setting d, not clipped.

    Args:
        scores: (D, N) or (D, N, R).
        percentiles: which percentiles of a setting's point means are mapped to 0 and 1.
        limits: (D, 2) values to map to 0 and 1 instead: take those of all methods pooled when methods are compared.

    Raises:
        ValueError: the two limits of a setting coincide.
    """
    values = np.asarray(scores, dtype=np.float64)
    means = values if values.ndim == 2 else values.mean(axis=2)
    ends = np.percentile(means, percentiles, axis=1).T if limits is None else np.asarray(limits, dtype=np.float64)
    low, high = ends[:, 0], ends[:, 1]
    if not (high > low).all():
        raise ValueError("the scores of a setting do not vary: they cannot be normalized")
    shape = (-1,) + (1,) * (values.ndim - 1)
    return np.asarray((values - low.reshape(shape)) / (high - low).reshape(shape))


def _checked(scores: ArrayLike, num_axes: int) -> Array:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != num_axes or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(f"expected finite scores with {num_axes} axes, settings first, got shape {values.shape}")
    return values


def sensitivity(scores: ArrayLike, *, normalize: bool = False, limits: ArrayLike | None = None) -> Transfer:
    """Phi = mean over d of max over i of Gamma_di - max over i of mean over d of Gamma_di.

    Args:
        scores: (D, N), settings x points, higher is better.
        normalize: map each setting linearly to its 5th and 95th percentile first. False means that ``scores`` are
            normalized already, or that Phi is wanted in their own unit.
        limits: see :func:`normalize`; implies it.

    Returns:
        Phi is at least 0, and 0 with one setting. Measured means flatter it: prefer :func:`held_out_sensitivity`.

    Raises:
        ValueError: scores not finite, or a setting that cannot be normalized.
    """
    gamma = _checked(scores, 2)
    if normalize or limits is not None:
        gamma = _normalize(gamma, limits)
    best_point = int(np.argmax(gamma.mean(axis=0)))
    tuned, fixed = float(gamma.max(axis=1).mean()), float(gamma.mean(axis=0)[best_point])
    return Transfer(tuned - fixed, tuned, fixed, best_point)


def _normalize(values: Array, limits: ArrayLike | None) -> Array:
    return normalize(values, limits=limits)


def held_out_sensitivity(
    scores: ArrayLike,
    *,
    choose_by: ArrayLike | None = None,
    normalize: bool = False,
    limits: ArrayLike | None = None,
) -> Transfer:
    """Phi with both maxima chosen on half the seeds and scored on the other half, averaged over the splits.

    Args:
        scores: (D, N, R), settings x points x seeds.
        choose_by: (D, N, R) scores that choose the best point of each setting and the best fixed point, in the unit of
            ``scores``: validation accuracies; ``scores`` themselves, on the other seeds, when absent.
        normalize, limits: as for :func:`sensitivity`; ``choose_by`` is mapped by the limits of ``scores``.

    Returns:
        Phi can be slightly negative: choosing a point a setting on few seeds may cost more than it gains. NaN with a
        reason for one seed.
    """
    gamma = _checked(scores, 3)
    chooser = gamma if choose_by is None else _checked(choose_by, 3)
    if chooser.shape != gamma.shape:
        raise ValueError(f"choose_by has shape {chooser.shape}, the scores {gamma.shape}")
    if gamma.shape[2] < 2:
        nan = float("nan")
        return Transfer(nan, nan, nan, int(np.argmax(chooser.mean(axis=(0, 2)))), ONE_SEED)
    if normalize or limits is not None:
        ends = np.percentile(gamma.mean(axis=2), (5, 95), axis=1).T if limits is None else limits
        gamma, chooser = _normalize(gamma, ends), _normalize(chooser, ends)
    best_point = int(np.argmax(chooser.mean(axis=(0, 2))))
    tuned = float(np.mean([corrected_best(y, choose_by=by) for y, by in zip(gamma, chooser, strict=True)]))
    fixed = corrected_best(gamma.mean(axis=0), choose_by=chooser.mean(axis=0))
    return Transfer(tuned - fixed, tuned, fixed, best_point)


def pooled_limits(tests: Array) -> Array:
    """(D, 2): 5th and 95th percentile of point means in each setting, over both methods; ``tests`` is (2 D, N, R)."""
    both = tests.mean(axis=-1).reshape(2, -1, tests.shape[1])  # method, setting, point
    return np.asarray(np.percentile(np.concatenate([both[0], both[1]], axis=1), (5, 95), axis=1).T)


def difference(tables: Array, confidence: float) -> Interval:
    """Phi of a first method minus that of a second, held out, settings normalized over both; points and seeds random.

    Args:
        tables: (2 D, 2, N, R): the D settings of the first method, then those of the second; test and validation.
        confidence: of the interval, :func:`ssc_tune.analysis.estimators.extremes.crossed`. The settings' scales are
            found anew with every point and seed that is left out.
    """

    def statistic(y: Array) -> float:
        limits, num_settings = pooled_limits(y[:, 0]), len(y) // 2
        phi = [
            held_out_sensitivity(part[:, 0], choose_by=part[:, 1], limits=limits).sensitivity
            for part in (y[:num_settings], y[num_settings:])
        ]
        return phi[0] - phi[1]

    points, seeds = (intervals.left_out(statistic, tables, axis=axis) for axis in (2, 3))
    return extremes.crossed(statistic(tables), points, seeds, confidence)


def effective_dimension(scores: ArrayLike, points: ArrayLike, *, target: float = 0.95) -> EffectiveDimension:
    """Fewest hyperparameters that must be retuned a setting to reach ``target`` times the fully retuned score.

    The others stay at the best fixed point. For a set of columns, each setting takes its best among the points that
    agree with the best fixed point in every other column; of all sets of a size the best counts.

    Args:
        scores: (D, N) normalized scores, settings x points.
        points: (N, P), a full grid: scattered points share no values, so predict them on a grid first.
        target: share of the fully retuned score.

    Returns:
        None with a reason where the points are no grid, or the fully retuned score is not positive.
    """
    gamma, levels = _checked(scores, 2), np.asarray(points, dtype=np.float64)
    num_parameters = levels.shape[1]
    sizes = [len(np.unique(levels[:, k])) for k in range(num_parameters)]
    if int(np.prod(sizes)) != len(levels) or len(np.unique(levels, axis=0)) != len(levels):
        return EffectiveDimension(None, (), (), "the points are not a full grid")
    full = float(gamma.max(axis=1).mean())
    if full <= 0:
        return EffectiveDimension(None, (), (), "the fully retuned score is not positive")
    same = levels == levels[int(np.argmax(gamma.mean(axis=0)))]  # (N, P)
    best_of_size: list[float] = []
    needed: tuple[int, ...] | None = None
    for size in range(num_parameters + 1):
        found = []
        for columns in itertools.combinations(range(num_parameters), size):
            others = [k for k in range(num_parameters) if k not in columns]
            found.append((float(gamma[:, same[:, others].all(axis=1)].max(axis=1).mean()), columns))
        score, columns = max(found, key=lambda pair: pair[0])
        best_of_size.append(score)
        if needed is None and score >= target * full - 1e-12:
            needed = columns
    assert needed is not None  # the full set always suffices
    return EffectiveDimension(len(needed), needed, tuple(best_of_size))
