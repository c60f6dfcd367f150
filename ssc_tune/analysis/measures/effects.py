"""Effects that claims are judged by: how much more of a measure the first method has than the second.

Every effect is oriented "first against second", whatever the claim says; the verdict turns it to the claimed side. Test
accuracy is judged, points are chosen by validation accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ssc_tune.analysis.arrays import Policy, Scores
from ssc_tune.analysis.estimators import comparison, intervals, shapes, spread
from ssc_tune.analysis.estimators.comparison import Result
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.spread import cvar_of_tables
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.measures import absent
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.claims import Claim
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    from ssc_tune.analysis.measures.effects_settings import Pooled


class ClaimData(NamedTuple):
    """What a claim is judged on. ``second`` is ``first`` itself for a claim about one method."""

    claim: Claim
    study: Study
    tables: Tables
    setting: str
    first: Scores  # of the claim's methods, at the points that both have
    second: Scores
    policy: Policy
    rng: np.random.Generator
    num_bootstrap: int
    parts: tuple[ClaimData, ...] = ()  # of a claim over settings: the same in each of them
    estimate_only: bool = False  # a measure may leave out what costs time beside the estimate
    materials: Materials | None = None  # of the whole study, for what a claim and a table say in common


class Effect(NamedTuple):
    """How much more of a measure the first method has; NaN fields where undefined, and then ``reason`` says why."""

    estimate: float
    low: float
    high: float
    p_value: float  # two-sided, of no difference (of the threshold, for a claim with one)
    name: str  # with {x} for the first method and {y} for the second
    how: str
    se: float = math.nan  # where the interval is a t interval
    df: float = math.nan
    reason: str = ""
    pooled: Pooled | None = None  # of a claim over settings

    def exchanged(self) -> Effect:
        """The same effect with the two methods exchanged."""
        name = self.name.replace("{x}", "{}").replace("{y}", "{x}").replace("{}", "{y}")
        pooled = None if self.pooled is None else self.pooled.exchanged()
        ends = (0.0 - self.high, 0.0 - self.low)
        return self._replace(estimate=0.0 - self.estimate, low=ends[0], high=ends[1], name=name, pooled=pooled)


Measurer = Callable[[ClaimData], Effect]


def from_result(found: Result, name: str, how: str) -> Effect:
    """An effect from a paired comparison."""
    return Effect(found.estimate, found.low, found.high, found.p_value, name, how, found.se, found.df, found.reason)


def from_interval(found: Interval, name: str, how: str) -> Effect:
    """An effect from a t interval, with the p-value of the same t."""
    estimate, low, high, se, df, reason = found
    return Effect(estimate, low, high, intervals.t_p_value(estimate, se, df), name, how, se, df, reason)


def undefined(name: str, reason: str) -> Effect:
    """An effect that there is not."""
    return Effect(math.nan, math.nan, math.nan, math.nan, name, "", reason=reason)


def log_ratio(spread: str) -> str:
    """Name of the log ratio of two methods' spreads."""
    return f"ln({spread} of {{x}} / {spread} of {{y}})"


def std(data: ClaimData) -> Effect:
    """ln(sd of first / sd of second), or the difference of the two for a claim of equivalence."""
    first, second, confidence = data.first.test, data.second.test, data.claim.confidence
    how = "sd over points, seed noise removed; jackknife over points and seeds, t"
    if data.claim.equivalent:
        return from_result(
            comparison.std_difference(second, first, confidence=confidence), "sd of {x} minus sd of {y}", how
        )
    found = comparison.stability(second, first, confidence=confidence)
    return from_result(found, log_ratio("sd"), f"{how}; p: the larger of its own and Brown-Forsythe's")


MOST_SWAPS = 20_000
"""Draws of a swap test at an early look, whose level is small: enough for levels down to 0.00005."""


def _shape(data: ClaimData, spread: shapes.Spread, words: str) -> Effect:
    name = log_ratio(words)
    if data.claim.equivalent:
        return undefined(name, f"there is no test of equivalence for {spread}; use std")
    level = 1 - data.claim.confidence
    num_swaps = max(data.num_bootstrap, min(MOST_SWAPS, math.ceil(10 / level)))
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
        found = comparison.Result(found.estimate, math.nan, math.nan, math.nan, reason=few)
    return from_result(
        found, name, "point means with the seed noise shrunk away; swap test over points, jackknife over seeds"
    )


def iqr(data: ClaimData) -> Effect:
    """ln(IQR of first / IQR of second) of denoised point means."""
    return _shape(data, "iqr", "IQR")


def range_(data: ClaimData) -> Effect:
    """ln(range of first / range of second) of denoised point means."""
    return _shape(data, "range", "range")


def mean(data: ClaimData) -> Effect:
    """Mean accuracy over points and seeds, first minus second."""
    found = comparison.mean_difference(data.second.test, data.first.test, confidence=data.claim.confidence)
    return from_result(found, "mean of {x} minus mean of {y}", "two-way variance, Satterthwaite t")


def cvar_difference(
    first: FloatArray, second: FloatArray, confidence: float, *, point_degrees: float | None = None
) -> Interval:
    """CVaR10 of point means, first minus second, points and seeds both random."""

    def difference(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.asarray(cvar_of_tables(x) - cvar_of_tables(y))

    return intervals.crossed_jackknife(
        difference, first, second, confidence=confidence, vectorized=True, point_degrees=point_degrees
    )


def cvar(data: ClaimData) -> Effect:
    """CVaR10 (mean of the worst 10% of point means), first minus second."""
    first, second = data.first.test, data.second.test
    degrees = spread.tail_degrees(len(first))
    found = cvar_difference(first, second, data.claim.confidence, point_degrees=degrees)
    how = "jackknife over points and seeds, t; degrees of freedom of the points those of the worst 10%"
    return from_interval(found, "CVaR10 of {x} minus CVaR10 of {y}", how)


def cvar_level(data: ClaimData) -> Effect:
    """The same with the points' own degrees of freedom: for gates, of which none says that methods differ."""
    found = cvar_difference(data.first.test, data.second.test, data.claim.confidence)
    return from_interval(found, "CVaR10 of {x} minus CVaR10 of {y}", "jackknife over points and seeds, t")


def over_seeds(differences: FloatArray, confidence: float, name: str, how: str) -> Effect:
    """Mean of differences (R,), one a seed; t over seeds."""
    return from_interval(intervals.mean_interval(differences, confidence), name, how)


def default(data: ClaimData) -> Effect:
    """Accuracy at the defaults, first minus second, paired by seed."""
    name = "default of {x} minus default of {y}"
    first, second = data.first.default_test, data.second.default_test
    missing = absent.missing_defaults(data)
    if missing:
        return undefined(name, missing)
    return over_seeds(first - second, data.claim.confidence, name, "t over seeds")
