"""Numbers as text: one way to print each kind, in every output."""

from __future__ import annotations

import math

from ssc_tune.analysis.judge import sentences
from ssc_tune.analysis.result import Estimate

UNDEFINED = "undefined"


def number(value: float | None, digits: int = 3) -> str:
    """A number with a fixed count of decimals; ``undefined`` for None, never a made-up 0."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def decimals(estimate: Estimate) -> int:
    """Decimals that tell something: three of an accuracy, one of a count of steps."""
    return 1 if any(abs(value) >= 10 for value in (estimate.value, estimate.low, estimate.high) if value) else 3


def signed(value: float | None, digits: int = 3) -> str:
    """Like :func:`number`, with a plus sign where the number is positive."""
    text = number(value, digits)
    return f"+{text}" if value is not None and text != UNDEFINED and float(text) > 0 else text


def percent(value: float | None) -> str:
    """A confidence level or a rate: 0.95 is ``95%``, 0.975 is ``97.5%``."""
    return UNDEFINED if value is None else sentences.percent(value)


def interval(estimate: Estimate, digits: int = 3) -> str:
    """``0.895 [0.870, 0.921]``; without an interval the number alone; undefined with its reason."""
    if estimate.value is None:
        return f"{UNDEFINED} ({estimate.note})" if estimate.note else UNDEFINED
    text = number(estimate.value, digits)
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{number(estimate.low, digits)}, {number(estimate.high, digits)}]"


def p_value(value: float | None) -> str:
    """A p value to three decimals, ``< 0.001`` below that."""
    if value is None:
        return UNDEFINED
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def compact(value: object) -> str:
    """A hyperparameter's value: four significant digits for real numbers, everything else as it is."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def seconds(value: float) -> str:
    """A duration: ``0.42 s``, ``12.3 s``, ``3 min 05 s``, ``2 h 07 min``."""
    if value < 60:
        return f"{value:.3g} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"
