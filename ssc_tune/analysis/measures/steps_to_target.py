"""Training steps to a target accuracy."""

from __future__ import annotations

import numpy as np

from ssc_tune.analysis.arrays import select
from ssc_tune.analysis.estimators import convergence
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.measures import paths
from ssc_tune.analysis.measures.base import ClaimData, Effect, undefined
from ssc_tune.analysis.measures.registry import measure

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


@measure("steps_to_target")
def steps_to_target(data: ClaimData) -> Effect:
    """Mean of min(steps to the target, all steps), first minus second; a failed cell never arrives.

    One target for both, so that a method that ends low is not called fast for reaching little.
    """
    name = "steps to target of {x} minus those of {y}"
    steps, first, second = paths.both(data)
    if not len(steps):
        return undefined(name, "no evaluation was recorded")
    cells = select(data.tables.cells, data.claim.block, data.setting)
    target, reason = target_of(data.first.validation, data.second.validation, float(cells["num_classes"].iloc[0]))
    if reason:
        return undefined(name, reason)
    first, second = (
        np.where(scores.failed[..., None], np.nan, values)
        for scores, values in ((data.first, first), (data.second, second))
    )
    arrivals = [convergence.steps_to_target(steps, values, target) for values in (first, second)]
    found = convergence.speed_difference(arrivals[1], arrivals[0], confidence=data.claim.confidence)
    censored = f"{found.num_censored[1]} and {found.num_censored[0]} cells never arrived"
    how = f"target {target:.3f}; {censored}; restricted mean, two-way variance, Satterthwaite t"
    return Effect(found.difference, name, how)
