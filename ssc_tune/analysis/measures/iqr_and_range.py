"""Interquartile ranges and ranges of denoised point means."""

from __future__ import annotations

import math

from ssc_tune.analysis.estimators import intervals, shapes
from ssc_tune.analysis.measures.base import ClaimData, Effect, log_ratio, undefined
from ssc_tune.analysis.measures.registry import measure
from ssc_tune.study.model.claims import Equivalence

MOST_SWAPS = 20_000
"""Draws of a swap test at an early look, whose level is small: enough for levels down to 0.00005."""


def _shape(data: ClaimData, spread: shapes.Spread, words: str) -> Effect:
    name = log_ratio(words)
    if isinstance(data.claim, Equivalence):
        return undefined(name, f"there is no test of equivalence for {spread}; use std")
    level = 1 - data.claim.confidence
    num_swaps = max(data.whole.num_bootstrap, min(MOST_SWAPS, math.ceil(10 / level)))
    found = shapes.shape_ratio(
        data.second.test,
        data.first.test,
        spread,
        rng=data.rng,
        confidence=data.claim.confidence,
        num_permutations=num_swaps,
    )
    if not found.reason and not (math.isfinite(found.low) or math.isfinite(found.high)):
        few = f"a level of {level:.1g} is below what {num_swaps:,} swaps of {len(data.first.points)} points can tell"
        found = intervals.undefined(few, found.estimate)
    how = "point means with the seed noise shrunk away; swap test over points, jackknife over seeds"
    return Effect(found, name, how)


@measure("iqr")
def iqr(data: ClaimData) -> Effect:
    """ln(IQR of first / IQR of second) of denoised point means."""
    return _shape(data, "iqr", "IQR")


@measure("range")
def range_(data: ClaimData) -> Effect:
    """ln(range of first / range of second) of denoised point means."""
    return _shape(data, "range", "range")
