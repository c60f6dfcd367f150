"""Mean accuracy over points and seeds."""

from __future__ import annotations

from ssc_tune.analysis.estimators import comparison, multiverse
from ssc_tune.analysis.measures.base import ClaimData, Effect
from ssc_tune.analysis.measures.registry import Weighted, measure


@measure("mean", weighted=Weighted(multiverse.mean_levels))
def mean(data: ClaimData) -> Effect:
    """Mean accuracy over points and seeds, first minus second."""
    found = comparison.mean_difference(data.second.test, data.first.test, confidence=data.claim.confidence)
    return Effect(found, "mean of {x} minus mean of {y}", "two-way variance, Satterthwaite t")
