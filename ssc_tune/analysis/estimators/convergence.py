"""Speed of training: steps to a target accuracy and the area under the accuracy curve.

All cells of a study have the same number of steps, so censoring happens at one known horizon only. The Kaplan-Meier
curve is then the empirical one and the restricted mean, E[min(T, horizon)], is a plain mean: it needs no model, keeps
cells that never arrive, and its paired difference has the two-way t interval of any other mean.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ssc_tune.analysis.estimators import comparison, intervals
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.variance import FloatArray as Array
from ssc_tune.analysis.estimators.variance import table


class Arrival(NamedTuple):
    """Steps to the target; arrays of shape (...), the leading axes of the accuracies."""

    steps: Array  # min(T, horizon)
    reached: NDArray[np.bool_]  # False: censored at the horizon
    horizon: float
    interval: float  # the longest time between evaluations, start of training included


class SpeedDifference(NamedTuple):
    """Second minus first: positive where the first method is faster."""

    difference: Interval  # of restricted mean steps, two-way t
    sign_p: float  # two-sided sign test over points: which method's mean arrival is earlier; ties dropped
    num_censored: tuple[int, int]  # cells of the first and the second that never arrived
    reason: str


def _checked(steps: ArrayLike, accuracy: ArrayLike) -> tuple[Array, Array]:
    at, values = np.asarray(steps, dtype=np.float64), np.asarray(accuracy, dtype=np.float64)
    if at.ndim != 1 or len(at) == 0 or not (np.diff(at) > 0).all() or values.shape[-1:] != at.shape:
        raise ValueError(f"steps must increase and be the last axis of accuracy, got {at.shape} and {values.shape}")
    return at, values


def steps_to_target(steps: ArrayLike, accuracy: ArrayLike, target: float) -> Arrival:
    """T = first evaluated step with accuracy >= target, censored at the last step.

    Args:
        steps: (T,) evaluated steps, increasing.
        accuracy: (..., T); NaN after a cell diverged: it never arrives, and counts as censored at the horizon.
        target: accuracy to reach.

    Evaluations are not interpolated: T is known up to one interval, alike for all methods.

    Raises:
        ValueError: steps that do not increase or a shape that does not agree.
    """
    at, values = _checked(steps, accuracy)
    hit = values >= target  # NaN compares as False
    reached = hit.any(axis=-1)
    found = np.where(reached, at[hit.argmax(axis=-1)], at[-1])
    interval = float(np.diff(at, prepend=0.0).max())
    return Arrival(np.asarray(found, dtype=np.float64), np.asarray(reached), float(at[-1]), interval)


def speed_difference(first: Arrival, second: Arrival, *, confidence: float = 0.95) -> SpeedDifference:
    """Difference of restricted mean steps, second minus first, cells paired by point and seed (N, R).

    Steps are known up to one evaluation interval h, so that a difference of two carries a rounding variance of h^2 / 6
    a cell. The three mean squares of the two-way variance are held at no less: where every cell says the same (all of
    one method arrive at the first evaluation and none of the other) the interval is as short as the evaluations allow,
    and not undefined.

    Undefined, with a reason, where no cell of either method arrives: equal censored times say nothing about speed.

    Raises:
        ValueError: the horizons or evaluation intervals differ.
    """
    if first.horizon != second.horizon:
        raise ValueError(f"the horizons differ: {first.horizon:g} and {second.horizon:g} steps")
    if first.interval != second.interval:
        raise ValueError(f"the evaluation intervals differ: {first.interval:g} and {second.interval:g} steps")
    censored = (int((~first.reached).sum()), int((~second.reached).sum()))
    if not (first.reached.any() or second.reached.any()):
        nothing = intervals.undefined("no cell reached the target")
        return SpeedDifference(nothing, math.nan, censored, nothing.reason)
    found = comparison.mean_difference(
        table(first.steps), table(second.steps), confidence=confidence, rounding=first.interval**2 / 6
    )
    gaps = (second.steps - first.steps).mean(axis=1)
    wins, losses = int((gaps > 0).sum()), int((gaps < 0).sum())
    sign_p = float(stats.binomtest(wins, wins + losses).pvalue) if wins + losses else math.nan
    return SpeedDifference(found, sign_p, censored, found.reason)


def area_under_curve(steps: ArrayLike, accuracy: ArrayLike) -> Array:
    """Mean accuracy over training: trapezoid over steps, divided by last minus first step; shape (...).

    Unlike steps to a target it needs no threshold and is never censored. NaN with a single evaluation or a NaN
    accuracy: fill in chance after a divergence first.

    Raises:
        ValueError: steps that do not increase or a shape that does not agree.
    """
    at, values = _checked(steps, accuracy)
    if len(at) < 2:
        return np.full(values.shape[:-1], np.nan)
    return np.asarray(np.trapezoid(values, at, axis=-1) / (at[-1] - at[0]))
