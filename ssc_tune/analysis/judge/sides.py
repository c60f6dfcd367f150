"""On which side of a claim an effect lies, and with what p-value."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.judge.gates import Side
from ssc_tune.study.model.claims import Claim, Equivalence


def side(claim: Claim, effect: Interval) -> Side:
    """Which side of the claim the whole interval lies on."""
    low, high = effect.low, effect.high
    if math.isnan(low) or math.isnan(high):
        return "neither"
    if isinstance(claim, Equivalence):
        if -claim.near < low and high < claim.near:
            return "for"
        return "against" if low > claim.near or high < -claim.near else "neither"
    above, below = low > claim.bound, high < claim.bound
    if claim.less is not None or claim.at_most is not None:
        above, below = below, above
    return "for" if above else "against" if below else "neither"


def p_of(claim: Claim, effect: Interval) -> float:
    """The p-value that goes into Holm's procedure.

    Two-sided for less, more and thresholds. For equivalence within m: the larger of the two one-sided p-values where
    the estimate lies within m, and otherwise the two-sided one of |difference| <= m.
    """
    if not isinstance(claim, Equivalence):
        return effect.p_value
    if not (effect.se > 0 and effect.df > 0):
        return math.nan
    gap = (claim.near - abs(effect.estimate)) / effect.se
    return float(stats.t.sf(gap, effect.df) if gap >= 0 else min(1.0, 2 * stats.t.sf(-gap, effect.df)))


def border(claim: Claim) -> str:
    """The threshold in words."""
    return f"the margin ±{claim.near:g}" if isinstance(claim, Equivalence) else f"{claim.bound:g}"


def agree(claim: Claim, effect: float, other: float) -> bool:
    """Whether two estimates lie on one side of the claim's threshold; what is undefined agrees with nothing."""
    if not math.isfinite(other):
        return False
    if isinstance(claim, Equivalence):
        return (abs(effect) < claim.near) == (abs(other) < claim.near)
    return bool(np.sign(effect - claim.bound) == np.sign(other - claim.bound))
