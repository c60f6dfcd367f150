"""Share of the search space that is near the best."""

from __future__ import annotations

from ssc_tune.analysis.estimators import extremes, volume
from ssc_tune.analysis.measures.base import ClaimData, Effect, undefined
from ssc_tune.analysis.measures.held_out import difference
from ssc_tune.analysis.measures.registry import measure
from ssc_tune.study.model.measures import TOLERANCE


@measure("near_optimal_volume")
def near_optimal_volume(data: ClaimData) -> Effect:
    """Share of points within TOLERANCE of the pooled best, first minus second.

    The reference is the better of the two methods' expected bests of half the points (chosen and scored on different
    seeds), so that a method that is bad everywhere has no large volume. It is found anew with every point and seed that
    is left out.
    """
    name = f"share within {TOLERANCE} of the best, {{x}} minus {{y}}"
    if len(data.first.points) < extremes.MIN_POINTS or len(data.first.seeds) < extremes.MIN_SEEDS:
        return undefined(name, "needs 3 points and 3 seeds")
    best = volume.better(*(volume.reference(s.test, s.validation) for s in (data.first, data.second)))
    how = "best of half the points, chosen and scored on different seeds; jackknife over points and seeds, t"
    return difference(data, name, lambda scores: volume.shares(scores.test, best, [TOLERANCE]), how)
