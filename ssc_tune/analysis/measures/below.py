"""The part of the search space where accuracy is low.

The unit is a cell, a random point with a random seed: that is what somebody gets who chooses hyperparameters and
trains once. Means over seeds would hide it: a point that fails with one seed of five has a mean that may lie on
either side of the accuracy asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ssc_tune.analysis.arrays import Scores
from ssc_tune.analysis.estimators.crossed_shares import crossed_share, crossed_share_difference, inverted_p
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.measures.base import ClaimData, Effect
from ssc_tune.analysis.measures.registry import measure
from ssc_tune.study.model.claims import Bound

HOW = "share of cells, points and seeds random; exact binomial of as many independent cells as they are worth"


def inside(scores: Scores, accuracy: float) -> NDArray[np.bool_]:
    """Which cells (N, R) have a test accuracy below ``accuracy``; a diverged or failed cell has, whatever it scores."""
    return np.asarray((scores.test < accuracy) | scores.failed)


@measure("below")
def below(data: ClaimData) -> Effect:
    """Share of cells with a test accuracy below the claim's: first minus second, or that of the one method.

    The p-value inverts the interval: it is 1 minus the confidence at which the interval would end at 0, or at the
    claim's ``at_least`` or ``at_most``.
    """
    claim = data.claim
    assert claim.accuracy is not None
    first, second = (inside(scores, claim.accuracy) for scores in (data.first, data.second))
    if isinstance(claim, Bound):

        def share(confidence: float) -> Interval:
            return crossed_share(first, confidence, scores=data.first.test)

        return _effect(share, claim.bound, data, f"share of {{x}} below {claim.accuracy:g}", HOW)

    def difference(confidence: float) -> Interval:
        return crossed_share_difference(first, second, confidence, scores=(data.first.test, data.second.test))

    name = f"share of {{x}} below {claim.accuracy:g} minus that of {{y}}"
    return _effect(difference, 0.0, data, name, f"{HOW}; paired")


def _effect(at: Callable[[float], Interval], value: float, data: ClaimData, name: str, how: str) -> Effect:
    p_value = math.nan if data.estimate_only else inverted_p(at, value)
    return Effect(at(data.claim.confidence)._replace(p_value=p_value), name, how)
