"""An effect and its interval as positions on a line, for a verdict's card."""

from __future__ import annotations

import math
from typing import NamedTuple

from ssc_tune.analysis.result import Verdict
from ssc_tune.report.numbers import decimals, number


class Forest(NamedTuple):
    """Positions in percent of the line's width."""

    low: float
    high: float
    value: float
    reference: float
    reference_label: str
    margin: tuple[float, float] | None  # the zone of equivalence
    low_label: str
    high_label: str


def forest(verdict: Verdict) -> Forest | None:
    """The line of an effect; none where the effect or its interval is undefined."""
    effect, claim = verdict.effect, verdict.claim
    if effect.value is None or effect.low is None or effect.high is None:
        return None
    ratio = verdict.ratio is not None
    reference = 0.0
    if claim.method is not None:
        bound = claim.at_least if claim.at_least is not None else claim.at_most
        reference = 0.0 if bound is None else bound
    margin = (-claim.within, claim.within) if claim.equivalent is not None and claim.within is not None else None
    shown = [effect.low, effect.high, effect.value, reference, *(margin or ())]
    low, high = min(shown), max(shown)
    pad = 0.08 * ((high - low) or 1.0)
    low, high = low - pad, high + pad

    def place(value: float) -> float:
        position: float = round(100 * (value - low) / (high - low), 2)
        return position

    def label(value: float) -> str:
        return number(math.exp(min(value, 700.0)), 2) if ratio else number(value, decimals(effect))

    return Forest(
        place(effect.low),
        place(effect.high),
        place(effect.value),
        place(reference),
        ("no difference" if claim.method is None else f"bound {reference:g}"),
        None if margin is None else (place(margin[0]), place(margin[1])),
        label(effect.low),
        label(effect.high),
    )
