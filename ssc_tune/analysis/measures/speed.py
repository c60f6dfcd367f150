"""Speed of training, on validation accuracies as it goes on: steps to a target and area under the accuracy curve."""

from __future__ import annotations

import numpy as np

from ssc_tune.analysis.arrays import Scores, select
from ssc_tune.analysis.estimators import convergence
from ssc_tune.analysis.estimators.comparison import mean_difference
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.measures.base import ClaimData, Effect, undefined
from ssc_tune.analysis.measures.registry import measure
from ssc_tune.analysis.tables import Tables

TARGET = 0.9
"""The target accuracy as a share of the lower of the two methods' mean final validation accuracy."""

LEAST_TARGET = 0.1
"""How far above chance a target must lie, as a share of the way from chance to 1: below it a method arrives by luck."""


def target_of(first: FloatArray, second: FloatArray, num_classes: float) -> tuple[float, str]:
    """The target accuracy of two methods from their final validation accuracies (N, R), and why it cannot serve."""
    target = TARGET * min(float(first.mean()), float(second.mean()))
    chance = 1 / num_classes
    least = chance + LEAST_TARGET * (1 - chance)
    if target < least:
        return target, f"a method ends near chance: the target would be {target:.3f}, and {least:.3f} is the least"
    return target, ""


def paths(tables: Tables, scores: Scores, *, block: str, setting: str, method: str) -> tuple[FloatArray, FloatArray]:
    """Evaluated steps (T,) and validation accuracies (N, R, T) of the cells in ``scores``; NaN where none was taken."""
    cells = select(tables.cells, block, setting, method)
    cells = cells[cells["point"].isin(scores.points) & cells["seed"].isin(scores.seeds)]
    history = tables.history.merge(cells[["cell_id", "point", "seed"]], on="cell_id")
    steps = np.unique(history["step"].to_numpy(dtype=np.float64))
    found = np.full((len(scores.points), len(scores.seeds), len(steps)), np.nan)
    rows = np.searchsorted(scores.points, history["point"].to_numpy(dtype=np.int64))
    columns = np.searchsorted(scores.seeds, history["seed"].to_numpy(dtype=np.int64))
    found[rows, columns, np.searchsorted(steps, history["step"].to_numpy(dtype=np.float64))] = history[
        "validation_accuracy"
    ].to_numpy(dtype=np.float64)
    return steps, found


def _both(data: ClaimData) -> tuple[FloatArray, list[tuple[Scores, FloatArray]]]:
    """Steps (T,) that either method evaluated, and of each method its scores and its paths (N, R, T) on them."""
    sides = list(zip((data.first, data.second), data.claim.methods, strict=True))
    loaded = [
        paths(data.tables, scores, block=data.claim.block, setting=data.setting, method=method)
        for scores, method in sides
    ]
    steps = np.union1d(loaded[0][0], loaded[1][0])
    aligned = []
    for (scores, _), (at, values) in zip(sides, loaded, strict=True):
        full = np.full((*values.shape[:2], len(steps)), np.nan)
        full[..., np.searchsorted(steps, at)] = values
        aligned.append((scores, full))
    return steps, aligned


@measure("steps_to_target")
def steps_to_target(data: ClaimData) -> Effect:
    """Mean of min(steps to the target, all steps), first minus second; a failed cell never arrives.

    One target for both, so that a method that ends low is not called fast for reaching little.
    """
    name = "steps to target of {x} minus those of {y}"
    steps, sides = _both(data)
    if not len(steps):
        return undefined(name, "no evaluation was recorded")
    cells = select(data.tables.cells, data.claim.block, data.setting)
    target, reason = target_of(data.first.validation, data.second.validation, float(cells["num_classes"].iloc[0]))
    if reason:
        return undefined(name, reason)
    reached = [np.where(scores.failed[..., None], np.nan, values) for scores, values in sides]
    first, second = (convergence.steps_to_target(steps, values, target) for values in reached)
    found = convergence.speed_difference(second, first, confidence=data.claim.confidence)
    censored = f"{found.num_censored[1]} and {found.num_censored[0]} cells never arrived"
    how = f"target {target:.3f}; {censored}; restricted mean, two-way variance, Satterthwaite t"
    return Effect(found.difference, name, how)


@measure("area_under_curve")
def area_under_curve(data: ClaimData) -> Effect:
    """Mean accuracy over training, first minus second; a failed cell scores at its failure value throughout."""
    name = "area under the accuracy curve of {x} minus that of {y}"
    steps, sides = _both(data)
    if len(steps) < 2:
        return undefined(name, "fewer than 2 evaluations were recorded")
    filled = [np.where(scores.failed[..., None], scores.validation[..., None], values) for scores, values in sides]
    first, second = (convergence.area_under_curve(steps, values) for values in filled)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return undefined(name, "cells were evaluated at different steps")
    found = mean_difference(second, first, confidence=data.claim.confidence)
    return Effect(found, name, "trapezoid over steps; two-way variance, Satterthwaite t")
