"""Conditions without which "more stable" is not supported."""

from __future__ import annotations

import numpy as np

from ssc_tune.analysis import comparison
from ssc_tune.analysis.arrays import Scores
from ssc_tune.analysis.effects import ClaimData, Effect, Measurer, cvar_difference
from ssc_tune.analysis.result import Gate
from ssc_tune.analysis.summaries import logit

SPREADS = ("std", "iqr", "range")


def signed(value: float) -> str:
    """A number with its sign, three digits."""
    return f"{value + 0.0:+.3g}"


def words(effect: Effect) -> str:
    """An effect with its interval."""
    if not np.isfinite(effect.estimate):
        return f"undefined ({effect.reason})"
    if np.isnan(effect.low):
        return f"{signed(effect.estimate)}, no interval ({effect.reason})"
    return f"{signed(effect.estimate)} [{signed(effect.low)}, {signed(effect.high)}]"


def on_logit(scores: Scores) -> Scores:
    """The same scores with test accuracies on the logit scale."""
    return scores._replace(test=logit(scores.test), default_test=logit(scores.default_test))


def gates(data: ClaimData, effect: Effect, measurer: Measurer) -> tuple[Gate, ...]:
    """The gates of ``less: A, than: B, in: std | iqr | range``; none for other claims.

    1. A method that is bad everywhere is stable: mean and CVaR10 of A must not be worse than B's. Non-inferiority:
       the lower end of the interval of the difference, at the claim's confidence, lies above -margin.
    2. Near the ceiling any spread is small: the measure must have the same sign on logit(accuracy).
    """
    claim = data.claim
    if claim.less is None or claim.measure not in SPREADS:
        return ()
    mean = comparison.mean_difference(data.second.test, data.first.test, confidence=claim.confidence)
    cvar = cvar_difference(data.first.test, data.second.test, claim.confidence)
    return (
        _not_worse("mean not worse", mean.estimate, mean.low, mean.reason, claim.margin),
        _not_worse("worst 10% not worse", cvar.estimate, cvar.low, cvar.reason, claim.margin),
        _same_on_logit(data, effect, measurer),
    )


def _not_worse(name: str, estimate: float, low: float, reason: str, margin: float) -> Gate:
    if not np.isfinite(low):
        return Gate(name=name, passed=False, detail=f"undefined: {reason}")
    detail = f"difference {signed(estimate)}, at least {signed(low)}; must be above {signed(-margin)}"
    return Gate(name=name, passed=bool(low > -margin), detail=detail)


def _same_on_logit(data: ClaimData, effect: Effect, measurer: Measurer) -> Gate:
    name = "same sign on logit(accuracy)"
    found = measurer(data._replace(first=on_logit(data.first), second=on_logit(data.second)))
    if not np.isfinite(found.estimate):
        return Gate(name=name, passed=False, detail=f"undefined on logit: {found.reason}")
    passed = bool(np.sign(found.estimate) == np.sign(effect.estimate))
    oriented = found.exchanged() if data.claim.less else found
    return Gate(name=name, passed=passed, detail=f"on logit: {words(oriented)}")
