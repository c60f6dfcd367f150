"""The part of the search space where accuracy is low.

The unit is a cell, a random point with a random seed: that is what somebody gets who chooses hyperparameters and
trains once. Means over seeds would hide it: a point that fails with one seed of five has a mean that may lie on
either side of the accuracy asked for.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ssc_tune.analysis.arrays import Scores
from ssc_tune.analysis.estimators.crossed_shares import crossed_share, crossed_share_difference, inverted_p
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
    name, how = f"share of {{x}} below {claim.accuracy:g}", HOW
    if isinstance(claim, Bound):
        at = partial(crossed_share, first, scores=data.first.test)
    else:
        at = partial(crossed_share_difference, first, second, scores=(data.first.test, data.second.test))
        name, how = f"{name} minus that of {{y}}", f"{how}; paired"
    p_value = math.nan if data.estimate_only else inverted_p(at, claim.bound)
    return Effect(at(claim.confidence)._replace(p_value=p_value), name, how)
