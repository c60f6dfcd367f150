"""What tuning gains over the defaults."""

from __future__ import annotations

from ssc_tune.analysis.estimators import extremes
from ssc_tune.analysis.measures import absent, searches
from ssc_tune.analysis.measures.base import ClaimData, Effect, undefined
from ssc_tune.analysis.measures.held_out import held_out
from ssc_tune.analysis.measures.registry import measure
from ssc_tune.analysis.measures.tails import skewed


@measure("tunability", warnings=skewed)
def tunability(data: ClaimData) -> Effect:
    """E[best of n] minus the default, chosen and scored on different seeds; first minus second."""
    n = data.claim.n
    assert n is not None
    return _gain(data, n, f"gain from the best of {n} of {{x}} minus that of {{y}}")


@measure("default_regret", warnings=skewed)
def default_regret(data: ClaimData) -> Effect:
    """What tuning gains over the default, chosen and scored on different seeds; first minus second.

    On the points of a fixed design, the best of N / 2 random ones: that of all N has no interval that holds what it
    says. On a search, the best point that it found, the searches being the sample.
    """
    if data.study.design.adaptive:
        name = "gain of a search over the default of {x} minus that of {y}"
        missing = absent.missing_defaults(data)
        if missing:
            return undefined(name, missing)
        found = searches.gain(data.first, data.second, confidence=data.claim.confidence)
        return Effect(found.tested(), name, searches.HOW)
    n = max(1, len(data.first.points) // 2)
    return _gain(data, n, f"gain of the best of {n} points over the default of {{x}} minus that of {{y}}")


def _gain(data: ClaimData, n: int, name: str) -> Effect:
    missing = absent.missing_defaults(data)
    if missing:
        return undefined(name, missing)
    return held_out(data, n, name, lambda s: extremes.gain(s.test, s.validation, s.default_test, [n]))
