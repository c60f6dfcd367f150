"""Standard deviations over points, seed noise removed."""

from __future__ import annotations

import math

import numpy as np

from ssc_tune.analysis.estimators import comparison, multiverse
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.measures.base import ClaimData, Effect, log_ratio, told
from ssc_tune.analysis.measures.registry import Weighted, measure
from ssc_tune.analysis.measures.tails import skewed
from ssc_tune.study.model.claims import Claim, Equivalence

DECIDING_WEIGHT = 0.5
"""Share of the points' jackknife variance from which a single point is named."""


def warnings(data: ClaimData) -> list[str]:
    """One point that decides; points with a tail."""
    return [*_one_point_decides(data), *(f"{line}; its p keeps its level" for line in skewed(data))]


def _one_point_decides(data: ClaimData) -> list[str]:
    if min(data.first.test.shape) < 3 or len(data.claim.methods) < 2:
        return []
    index, without, weight = comparison.deciding_point(data.second.test, data.first.test)
    if not weight > DECIDING_WEIGHT:
        return []
    turned = -without if data.claim.less is not None else without
    return [
        f"point {data.first.points[index]} carries {weight:.0%} of what the interval knows of points: without it the "
        f"ratio is {told(turned, data.claim)}; where a few points decide, the interval covers less than it says"
    ]


def seeds_left_out(data: ClaimData, effect: Effect) -> list[str]:
    """The ratio of standard deviations without each seed: how far one seed decides."""
    if isinstance(data.claim, Equivalence) or not math.isfinite(effect.interval.low):
        return []
    values = comparison.without_one_seed(data.second.test, data.first.test)
    turned = -values if data.claim.less is not None else values
    return [f"leaving out one seed in turn: {', '.join(told(float(value), data.claim) for value in turned)}"]


def _scale(claim: Claim, variances: FloatArray) -> FloatArray:
    return np.sqrt(variances) if isinstance(claim, Equivalence) else 0.5 * np.log(variances)


@measure(
    "std",
    warnings=warnings,
    notes=seeds_left_out,
    weighted=Weighted(
        multiverse.variance_levels,
        _scale,
        undefined="the spread over points is within the seed noise of a method (its corrected variance is not "
        "positive)",
    ),
)
def std(data: ClaimData) -> Effect:
    """ln(sd of first / sd of second), or the difference of the two for a claim of equivalence."""
    first, second, confidence = data.first.test, data.second.test, data.claim.confidence
    how = "sd over points, seed noise removed; jackknife over points and seeds, t"
    if isinstance(data.claim, Equivalence):
        found = comparison.std_difference(second, first, confidence=confidence)
        return Effect(found, "sd of {x} minus sd of {y}", how)
    found = comparison.stability(second, first, confidence=confidence)
    return Effect(found, log_ratio("sd"), f"{how}; p: the larger of its own and Brown-Forsythe's")
