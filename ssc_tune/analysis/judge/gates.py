"""Conditions without which "more stable" is not supported."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ssc_tune.analysis.arrays import Scores
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.spread import logit
from ssc_tune.analysis.measures.base import ClaimData, Measurer, signed, told
from ssc_tune.analysis.measures.cvar import cvar_level
from ssc_tune.analysis.measures.mean import mean as mean_effect
from ssc_tune.analysis.measures.settings import each, measured
from ssc_tune.analysis.result import Gate
from ssc_tune.study.model.claims import Claim, Equivalence

Side = Literal["for", "against", "neither"]
"""Of a claim, where an interval lies."""


def words(found: Interval, claim: Claim) -> str:
    """An effect of a claim with its interval."""
    if not np.isfinite(found.estimate):
        return f"undefined ({found.reason})"
    value, low, high = (told(x, claim) for x in found[:3])
    return f"{value}, no interval ({found.reason})" if np.isnan(found.low) else f"{value} [{low}, {high}]"


def on_logit(scores: Scores) -> Scores:
    """The same scores with test accuracies on the logit scale."""
    return scores._replace(test=logit(scores.test), default_test=logit(scores.default_test))


def gates(data: ClaimData, effect: Interval, measurer: Measurer, where: Side) -> tuple[Gate, ...]:
    """The conditions of a verdict on spread (``std``, ``iqr``, ``range``); none for other measures.

    Whatever a claim says, its verdict on spread says "X is more stable than Y": ``less: X, than: Y`` supported, ``more:
    X, than: Y`` refuted, equivalence refuted. It holds only if

    1. X is not simply worse everywhere (a method that is bad everywhere is stable): its mean and its CVaR10 are not
       worse than Y's. Non-inferiority: the lower end of the interval of each difference lies above -margin.
    2. X is not simply nearer to the ceiling, where any spread is small: the measure has the same sign on
       logit(accuracy).

    Over settings, every one of these is the pooled effect of the settings.

    Equivalence supported says "X and Y spread alike": then neither may be worse than the other, by the same margin.

    Args:
        data: of the claim.
        effect: its effect, first against second.
        measurer: of its measure.
        where: the side of the claim that the interval lies on; for "neither" the gates are those of the side that the
            estimate lies on.
    """
    claim = data.claim
    if not claim.kind.is_spread:
        return ()
    if isinstance(claim, Equivalence) and where != "against":
        both = ((claim.methods[0], data), (claim.methods[1], exchanged(data)))
        return tuple(gate for name, ordered in both for gate in _levels(ordered, f" ({name})"))
    stable_first = effect.estimate < 0
    ordered = data if stable_first else exchanged(data)
    name = claim.methods[0] if stable_first else claim.methods[-1]
    return (*_levels(ordered, f" ({name})"), _same_on_logit(data, effect, measurer))


def exchanged(data: ClaimData) -> ClaimData:
    """The same with the two methods' scores exchanged."""
    return each(data, lambda part: part._replace(first=part.second, second=part.first))


def _levels(data: ClaimData, whose: str) -> tuple[Gate, Gate]:
    """Whether mean and worst tenth of the first are not worse than those of the second."""
    return (
        _not_worse(f"mean not worse{whose}", measured(data, mean_effect).interval, data.claim.margin),
        _not_worse(f"worst 10% not worse{whose}", measured(data, cvar_level).interval, data.claim.margin),
    )


def _not_worse(name: str, found: Interval, margin: float) -> Gate:
    if not np.isfinite(found.low):
        return Gate(name=name, passed=False, detail=f"undefined: {found.reason}")
    detail = f"difference {signed(found.estimate)}, at least {signed(found.low)}; must be above {signed(-margin)}"
    return Gate(name=name, passed=bool(found.low > -margin), detail=detail)


def _same_on_logit(data: ClaimData, effect: Interval, measurer: Measurer) -> Gate:
    name = "same sign on logit(accuracy)"
    turned = each(data, lambda part: part._replace(first=on_logit(part.first), second=on_logit(part.second)))
    found = measured(turned, measurer).interval
    if not np.isfinite(found.estimate):
        return Gate(name=name, passed=False, detail=f"undefined on logit: {found.reason}")
    passed = bool(np.sign(found.estimate) == np.sign(effect.estimate))
    oriented = found.negated() if data.claim.less else found
    what = "on logit:" if data.claim.ratio is None else "on logit the ratio is"
    return Gate(name=name, passed=passed, detail=f"{what} {words(oriented, data.claim)}")
