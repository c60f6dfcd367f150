"""Share of the variance that a parameter explains."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from ssc_tune.analysis.estimators import decomposition, splits
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.material import Material
from ssc_tune.analysis.measures.base import ClaimData, Effect, undefined
from ssc_tune.analysis.measures.registry import measure


@measure("importance")
def importance(data: ClaimData) -> Effect:
    """Share of the variance of accuracy that a parameter's main effect explains, against the claim's threshold.

    The share and its interval are those that the table of shares shows: :meth:`Material.shares`.
    """
    claim = data.claim
    threshold = claim.bound
    assert claim.parameter is not None
    name = f"share of variance of {{x}} from {claim.parameter}"
    if len(data.first.points) < 3 or len(data.first.seeds) < 2:
        return undefined(name, "fewer than 3 points" if len(data.first.points) < 3 else splits.ONE_SEED)
    material = _material(data)
    if claim.parameter not in material.names:
        return undefined(name, f"{claim.parameter} does not vary over the complete points")
    if data.study.design.crossed and not material.is_full_grid:
        return undefined(name, "the complete points are not a full grid")
    found = material.shares(claim.confidence)
    if claim.parameter not in found.shares:
        return undefined(name, found.reason or "the share is undefined")
    share, low, high = found.shares[claim.parameter][:3]
    law = stats.norm() if found.evaluator == decomposition.EXACT else stats.t(len(data.first.seeds) - 1)
    reach = (share - low if share > threshold else high - share) / float(law.ppf(0.5 + claim.confidence / 2))
    p_value = float(2 * law.sf(abs(share - threshold) / reach)) if reach > 0 else math.nan
    return Effect(Interval(share, low, high, p_value=p_value), name, found.evaluator)


def _material(data: ClaimData) -> Material:
    """The study's own of the claim's method, so that claims and tables are one computation; else made of the scores."""
    place = (data.claim.block, data.setting, data.claim.methods[0])
    found = data.whole.of(*place, data.policy)
    if found is not None and np.array_equal(found.scores.test, data.first.test):
        return found
    return Material(data.whole, data.first, *place)
