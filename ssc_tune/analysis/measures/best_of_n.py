"""Expected accuracy of the best, and of the worst, of some random points."""

from __future__ import annotations

from ssc_tune.analysis.estimators import extremes
from ssc_tune.analysis.measures.base import ClaimData, Effect
from ssc_tune.analysis.measures.held_out import held_out
from ssc_tune.analysis.measures.registry import measure


@measure("best_of_n")
def best_of_n(data: ClaimData) -> Effect:
    """E[test accuracy of the best of n random points], chosen and scored on different seeds; first minus second."""
    n = data.claim.n
    assert n is not None
    name = f"best of {n} of {{x}} minus best of {n} of {{y}}"
    return held_out(data, n, name, lambda scores: extremes.expected(scores.test, scores.validation, [n]))


@measure("worst")
def worst(data: ClaimData) -> Effect:
    """E[test accuracy of the worst of N / 4 random points], chosen and scored on different seeds; first minus second.

    The worst of all N has no interval that holds what it says: one point decides it.
    """
    n = max(1, len(data.first.points) // 4)
    name = f"worst of {n} points of {{x}} minus worst of {n} of {{y}}"
    return held_out(data, n, name, lambda scores: extremes.expected(scores.test, scores.validation, [n], lowest=True))
