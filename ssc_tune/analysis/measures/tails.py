"""Points with a tail, of which intervals of some measures know too little."""

from __future__ import annotations

from scipy import stats

from ssc_tune.analysis.estimators.variance import visible
from ssc_tune.analysis.measures.base import ClaimData, signed

SKEWED = 1.0
"""Skewness of a method's point means beyond which they have a tail: rare in normal tables of 32 points, usual under the
laws whose intervals cover 91 to 95% (docs/statistics.md: near the ceiling, skewed)."""
LEAST_SKEWED = 16
"""Points below which the skewness of few says nothing."""


def skewed(data: ClaimData) -> list[str]:
    """Where a tail of points carries a measure, its interval covers somewhat less than it says."""
    both = {method: scores.test for method, scores in data.by_method.items()}
    if min(len(y) for y in both.values()) < LEAST_SKEWED:
        return []
    vary = {method: y.mean(axis=1) for method, y in both.items() if visible(y.mean(axis=1).var(), y)}
    tails = {method: value for method, means in vary.items() if abs(value := float(stats.skew(means))) > SKEWED}
    if not tails:
        return []
    named = ", ".join(f"{method} {signed(value)}" for method, value in tails.items())
    return [f"skewed points ({named}): the interval covers somewhat less than it says"]
