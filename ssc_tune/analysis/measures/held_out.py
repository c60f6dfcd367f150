"""What measures have in common that choose points on half the seeds and score them on the others."""

from __future__ import annotations

from collections.abc import Callable

from ssc_tune.analysis.arrays import Scores
from ssc_tune.analysis.estimators import splits
from ssc_tune.analysis.estimators.extremes import Sample
from ssc_tune.analysis.measures import absent
from ssc_tune.analysis.measures.base import ClaimData, Effect, undefined

HOW = "chosen on validation of half the seeds, scored on the other half; jackknife over points and seeds, t"


def held_out(data: ClaimData, n: int, name: str, sample: Callable[[Scores], Sample]) -> Effect:
    """What ``sample`` says of the best of n points, first minus second; undefined with too few seeds or points."""
    if len(data.first.seeds) < 2:
        return undefined(name, splits.ONE_SEED)
    if n >= len(data.first.points):
        return undefined(name, f"needs more than {n} complete points, there are {absent.complete_points(data.first)}")
    return difference(data, name, sample, HOW)


def difference(data: ClaimData, name: str, sample: Callable[[Scores], Sample], how: str) -> Effect:
    """First minus second, points and seeds both random."""
    found = sample(data.first).minus(sample(data.second))
    return Effect(found.interval(confidence=data.claim.confidence).tested(), name, how)
