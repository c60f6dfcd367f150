"""Accuracy at the defaults."""

from __future__ import annotations

from ssc_tune.analysis.estimators import intervals
from ssc_tune.analysis.measures import absent
from ssc_tune.analysis.measures.base import ClaimData, Effect, undefined
from ssc_tune.analysis.measures.registry import measure


@measure("default")
def default(data: ClaimData) -> Effect:
    """Accuracy at the defaults, first minus second, paired by seed."""
    name = "default of {x} minus default of {y}"
    first, second = data.first.default_test, data.second.default_test
    missing = absent.missing_defaults(data)
    if missing:
        return undefined(name, missing)
    return Effect(intervals.mean_interval(first - second, data.claim.confidence).tested(), name, "t over seeds")
