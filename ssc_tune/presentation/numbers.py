"""Numbers as text: one way to print each kind, in every output."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable

from ssc_tune.analysis.judge import sentences
from ssc_tune.analysis.result import Estimate, ratio_text

UNDEFINED = "undefined"
_UNITS = ("B", "kB", "MB", "GB", "TB")


def number(value: float | None, digits: int = 3) -> str:
    """A number with a fixed count of decimals; ``undefined`` for None, never a made-up 0."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def significant(value: float | None) -> str:
    """Three significant digits: 0.0478, 8.86e-05."""
    return UNDEFINED if value is None else f"{value:.3g}"


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


def exponential(value: float | None) -> str:
    """The ratio of which this is the logarithm: two decimals, or three digits of one that is tiny or huge."""
    return UNDEFINED if value is None or not math.isfinite(value) else ratio_text(value)


def interval(estimate: Estimate, digits: int = 3, *, how: Callable[[float | None], str] | None = None) -> str:
    """``0.895 [0.870, 0.921]``; without an interval the number alone; undefined with its reason.

    ``how`` writes each of the numbers, where not :func:`number` does.
    """
    if estimate.value is None:
        return f"{UNDEFINED} ({estimate.note})" if estimate.note else UNDEFINED
    value, low, high = (how(x) if how else number(x, digits) for x in (estimate.value, estimate.low, estimate.high))
    return value if estimate.low is None or estimate.high is None else f"{value} [{low}, {high}]"


def p_value(value: float | None, *, none: str = UNDEFINED) -> str:
    """A p value to three decimals, ``< 0.001`` below that; ``none`` where there is none."""
    if value is None:
        return none
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def compact(value: object, digits: int = 4) -> str:
    """A hyperparameter's value: so many significant digits for real numbers, everything else as it is."""
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def megabytes(count: float | None) -> str:
    """Bytes in megabytes, millions of bytes."""
    return UNDEFINED if count is None else f"{count / 1e6:,.0f} MB"


def size(count: float) -> str:
    """Bytes on a disk: ``812 B``, ``3.4 MB``, ``120 GB``."""
    power = 0
    while count >= 999.5 and power < len(_UNITS) - 1:
        count, power = count / 1000, power + 1
    return f"{count:.3g} {_UNITS[power]}"


def duration(seconds: float, *, measured: bool = False) -> str:
    """``12 s``, ``3 min 5 s``, ``2 h 7 min``; where it was measured ``0.42 s``, ``3 min 05 s``, ``2 h 07 min``."""
    if measured and seconds < 60:
        return f"{seconds:.3g} s"
    whole, width = round(seconds), "02d" if measured else "d"
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:{width}} min"
    return f"{whole // 60} min {whole % 60:{width}} s" if whole >= 60 else f"{whole} s"


def date(timestamp: float) -> str:
    """Seconds since the epoch as ``2026-11-23 21:11``, UTC."""
    return datetime.datetime.fromtimestamp(timestamp, tz=datetime.UTC).strftime("%Y-%m-%d %H:%M")
