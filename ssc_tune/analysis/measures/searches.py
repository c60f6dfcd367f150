"""Replicated searches: each is one draw of what a sampler finds, and the searches are the sample.

Points of all searches of a method stand in one table; :func:`ssc_tune.design.points.search_of` tells them apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ssc_tune.analysis.arrays import Scores
from ssc_tune.analysis.estimators import budget, extremes, intervals, splits
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.design.points import search_of
from ssc_tune.study.model.measures import MIN_SEARCHES

GOOD_SEARCHES = 5
"""Searches below which a verdict carries a warning."""
HOW = (
    "best point of each search, chosen on validation of half the seeds, minus the default, both scored on the other "
    "half; jackknife over searches and seeds, t"
)


def numbers(scores: Scores) -> list[int]:
    """The searches that have a complete point."""
    return sorted({search_of(int(point)) for point in scores.points})


def gain(*sides: Scores, confidence: float) -> Interval:
    """Mean over searches of the gain over the default: of one method, or first minus second of what both searched.

    The best point of a search is the one with the best mean validation accuracy over half the seeds; its test accuracy
    and the default's over the other half make the gain, averaged over all splits. Searches and seeds are both random:
    a default is one for all searches, so that its noise is no smaller for there being many (t over searches alone calls
    equal methods different in 15 to 56% of studies). Two jackknife variances, added, with the degrees of freedom of the
    smaller sample: Satterthwaite's are too many for a variance that rests on 3 seeds (6.5%).

    NaN with a reason: no default, one seed, no search. No interval: fewer than 3 searches or seeds.
    """
    common = sorted(set.intersection(*(set(numbers(scores)) for scores in sides)))
    nothing = _why_nothing(sides, common)
    if nothing:
        return intervals.undefined(nothing)
    tables = [np.array([_gains(scores, search) for search in common]) for scores in sides]  # (S, 1 + R) each
    gains = tables[0] - tables[1] if len(tables) > 1 else tables[0]
    estimate, left_seed = float(gains[:, 0].mean()), gains[:, 1:].mean(axis=0)
    variance, few = math.nan, ""
    if len(common) < MIN_SEARCHES:
        few = "one search is one draw" if len(common) == 1 else f"{len(common)} searches"
        few = f"{few}: an interval needs {MIN_SEARCHES} searches"
    elif len(left_seed) < extremes.MIN_SEEDS or not np.isfinite(left_seed).all():
        few = extremes.FEW_SEEDS
    else:
        left_search = np.array([np.delete(gains[:, 0], s).mean() for s in range(len(common))])
        variance = extremes.part(left_search).variance + extremes.part(left_seed).variance
    if few or not variance > 0:
        return intervals.undefined(few or "the values do not vary", estimate)
    df = min(len(common), len(left_seed)) - 1
    return intervals.t_interval(estimate, math.sqrt(variance), df, confidence)


def _why_nothing(sides: Sequence[Scores], common: list[int]) -> str:
    if not all(len(scores.default_test) for scores in sides):
        return "the defaults lack a cell"
    if len(sides[0].seeds) < 2:
        return splits.ONE_SEED
    both = " of both methods" if len(sides) > 1 else ""
    return "" if common else f"no search has a complete point{both}"


def _gains(scores: Scores, search: int) -> FloatArray:
    """(1 + R,): the gain of one search, and what it becomes without each seed (NaN for two seeds)."""
    rows = np.array([search_of(int(point)) == search for point in scores.points])
    test, validation, default = scores.test[rows], scores.validation[rows], scores.default_test
    num_seeds = test.shape[1]

    def gain(seeds: list[int]) -> float:
        best = budget.held_out_best(test[:, seeds], len(test), choose_by=validation[:, seeds])
        return best - float(default[seeds].mean())

    every = list(range(num_seeds))
    if num_seeds < extremes.MIN_SEEDS:
        return np.array([gain(every), *[math.nan] * num_seeds])
    return np.array([gain(every), *(gain([j for j in every if j != out]) for out in every)])
