"""What a measure is given and what it gives: a claim's scores, and how much more of it the first method has.

Every effect is oriented "first against second", whatever the claim says; the verdict turns it to the claimed side. Test
accuracy is judged, points are chosen by validation accuracy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ssc_tune.analysis.arrays import Policy, Scores
from ssc_tune.analysis.estimators import intervals
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.result import ratio_text
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.claims import Claim
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    from ssc_tune.analysis.measures.settings import Pooled


class ClaimData(NamedTuple):
    """What a claim is judged on. ``second`` is ``first`` itself for a claim about one method."""

    claim: Claim
    whole: Materials  # of the study, for what a claim and a table say in common
    setting: str
    first: Scores  # of the claim's methods, at the points that both have
    second: Scores
    policy: Policy
    rng: np.random.Generator
    parts: tuple[ClaimData, ...] = ()  # of a claim over settings: the same in each of them
    estimate_only: bool = False  # a measure may leave out what costs time beside the estimate

    @property
    def study(self) -> Study:
        """The study."""
        return self.whole.study

    @property
    def tables(self) -> Tables:
        """Its tables."""
        return self.whole.tables

    @property
    def by_method(self) -> dict[str, Scores]:
        """The scores of the claim's methods, one or two."""
        return dict(zip(self.claim.methods, (self.first, self.second), strict=False))


class Effect(NamedTuple):
    """How much more of a measure the first method has."""

    interval: Interval  # its p-value is of no difference, or of the threshold for a claim with one
    name: str  # with {x} for the first method and {y} for the second
    how: str = ""
    pooled: Pooled | None = None  # of a claim over settings

    def exchanged(self) -> Effect:
        """The same effect with the two methods exchanged."""
        name = self.name.replace("{x}", "{}").replace("{y}", "{x}").replace("{}", "{y}")
        pooled = None if self.pooled is None else self.pooled.exchanged()
        return Effect(self.interval.negated(), name, self.how, pooled)


Measurer = Callable[[ClaimData], Effect]


def undefined(name: str, reason: str) -> Effect:
    """An effect that there is not."""
    return Effect(intervals.undefined(reason), name)


def log_ratio(spread: str) -> str:
    """Name of the log ratio of two methods' spreads."""
    return f"ln({spread} of {{x}} / {spread} of {{y}})"


def told(value: float, claim: Claim) -> str:
    """A value of a claim's effect: the logarithm of a ratio as the ratio, anything else with its sign."""
    return ratio_text(value) if claim.ratio is not None else signed(value)


def signed(value: float) -> str:
    """A number with its sign, three digits."""
    return f"{value + 0.0:+.3g}"
