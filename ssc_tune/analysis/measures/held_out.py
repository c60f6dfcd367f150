"""What measures have in common that choose points on half the seeds and score them on the others."""

from __future__ import annotations

from ssc_tune.analysis.estimators import splits
from ssc_tune.analysis.estimators.extremes import Sample
from ssc_tune.analysis.measures import absent
from ssc_tune.analysis.measures.base import ClaimData, Effect

HOW = "chosen on validation of half the seeds, scored on the other half; jackknife over points and seeds, t"


def too_few(data: ClaimData, n: int) -> str:
    """Why the best of n points cannot be told; empty where it can."""
    if len(data.first.seeds) < 2:
        return splits.ONE_SEED
    if n >= len(data.first.points):
        return f"needs more than {n} complete points, there are {absent.complete_points(data.first)}"
    return ""


def held_out(first: Sample, second: Sample, data: ClaimData, name: str) -> Effect:
    """First minus second, points and seeds both random."""
    return Effect(first.minus(second).interval(confidence=data.claim.confidence).tested(), name, HOW)
