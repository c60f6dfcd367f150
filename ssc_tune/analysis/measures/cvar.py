"""CVaR10: the mean of the worst tenth of the point means."""

from __future__ import annotations

import numpy as np

from ssc_tune.analysis.estimators import intervals, multiverse, spread
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.measures.base import ClaimData, Effect
from ssc_tune.analysis.measures.registry import Weighted, measure


def cvar_difference(
    first: FloatArray, second: FloatArray, confidence: float, *, point_degrees: float | None = None
) -> Interval:
    """CVaR10 of point means, first minus second, points and seeds both random."""

    def difference(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.asarray(spread.cvar_of_tables(x) - spread.cvar_of_tables(y))

    return intervals.crossed_jackknife(
        difference, first, second, confidence=confidence, vectorized=True, point_degrees=point_degrees
    )


@measure("cvar", weighted=Weighted(multiverse.cvar_levels, fraction=spread.WORST_FRACTION))
def cvar(data: ClaimData) -> Effect:
    """CVaR10 (mean of the worst 10% of point means), first minus second."""
    first, second = data.first.test, data.second.test
    degrees = spread.tail_degrees(len(first))
    found = cvar_difference(first, second, data.claim.confidence, point_degrees=degrees)
    how = "jackknife over points and seeds, t; degrees of freedom of the points those of the worst 10%"
    return Effect(found.tested(), "CVaR10 of {x} minus CVaR10 of {y}", how)


def cvar_level(data: ClaimData) -> Effect:
    """The same with the points' own degrees of freedom: for gates, of which none says that methods differ."""
    found = cvar_difference(data.first.test, data.second.test, data.claim.confidence)
    return Effect(found.tested(), "CVaR10 of {x} minus CVaR10 of {y}", "jackknife over points and seeds, t")
