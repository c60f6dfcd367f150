"""On which side of a claim an effect lies, and with what p-value."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from ssc_tune.analysis.judge.gates import Side
from ssc_tune.analysis.measures.base import Effect
from ssc_tune.study.model.claims import Claim


def side(claim: Claim, effect: Effect) -> Side:
    """Which side of the claim the whole interval lies on."""
    low, high = effect.low, effect.high
    if math.isnan(low) or math.isnan(high):
        return "neither"
    if claim.equivalent is not None:
        assert claim.within is not None
        if -claim.within < low and high < claim.within:
            return "for"
        return "against" if low > claim.within or high < -claim.within else "neither"
    above, below = low > threshold(claim), high < threshold(claim)
    if claim.less is not None or claim.at_most is not None:
        above, below = below, above
    return "for" if above else "against" if below else "neither"


def threshold(claim: Claim) -> float:
    """What the effect is held against."""
    return claim.at_least or claim.at_most or 0.0


def p_of(claim: Claim, effect: Effect) -> float:
    """The p-value that goes into Holm's procedure.

    Two-sided for less, more and thresholds. For equivalence within m: the larger of the two one-sided p-values where
    the estimate lies within m, and otherwise the two-sided one of |difference| <= m.
    """
    if claim.equivalent is None:
        return effect.p_value
    assert claim.within is not None
    if not (effect.se > 0 and effect.df > 0):
        return math.nan
    gap = (claim.within - abs(effect.estimate)) / effect.se
    return float(stats.t.sf(gap, effect.df) if gap >= 0 else min(1.0, 2 * stats.t.sf(-gap, effect.df)))


def border(claim: Claim) -> str:
    """The threshold in words."""
    return f"the margin ±{claim.within:g}" if claim.equivalent is not None else f"{threshold(claim):g}"


def turned(claim: Claim, effect: Effect, other: Effect) -> bool:
    """Whether another score of failed cells does not agree; what is undefined never agrees."""
    if not math.isfinite(other.estimate):
        return True
    if claim.equivalent is not None:
        assert claim.within is not None
        return (abs(effect.estimate) < claim.within) != (abs(other.estimate) < claim.within)
    held = threshold(claim)
    return bool(np.sign(effect.estimate - held) != np.sign(other.estimate - held))
