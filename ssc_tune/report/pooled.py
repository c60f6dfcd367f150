"""The settings behind a verdict over settings: a line each, their mean, and where one more would lie."""

from __future__ import annotations

from typing import NamedTuple

from ssc_tune.analysis.result import Estimate, Verdict
from ssc_tune.report.numbers import p_value, percent
from ssc_tune.report.words import scale

MEAN, NEXT = "population mean", "one more setting"


class Line(NamedTuple):
    """A row of the forest; positions in percent of its width, None where there is nothing to draw."""

    name: str
    kind: str  # setting, mean or prediction
    text: str
    low: float | None
    high: float | None
    value: float | None


class PooledForest(NamedTuple):
    """Rows on one axis, which holds the settings and the mean; a longer interval is cut at its ends."""

    lines: tuple[Line, ...]
    reference: float
    spread: str  # how much settings differ, in words


def pooled_forest(verdict: Verdict) -> PooledForest | None:
    """The rows of a verdict over settings; None for any other, and where its effect is undefined."""
    pooled, mean = verdict.pooled, verdict.effect
    if pooled is None or mean.value is None or mean.low is None or mean.high is None:
        return None
    further = Estimate(value=mean.value, low=pooled.prediction_low, high=pooled.prediction_high)
    rows = [(name, "setting", estimate) for name, estimate in pooled.settings]
    rows += [(MEAN, "mean", mean), (NEXT, "prediction", further)]
    claim = verdict.claim
    reference = claim.at_least or claim.at_most or 0.0
    held = [reference, *(x for _, kind, e in rows if kind != "prediction" for x in (e.low, e.high) if x is not None)]
    low, high = min(held), max(held)
    pad = 0.05 * ((high - low) or 1.0)

    def place(value: float | None) -> float | None:
        if value is None:
            return None
        return round(min(100.0, max(0.0, 100 * (value - low + pad) / (high - low + 2 * pad))), 2)

    lines = tuple(
        Line(
            name,
            kind,
            _text(verdict, estimate, alone=kind != "prediction"),
            place(estimate.low),
            place(estimate.high),
            place(estimate.value) if kind != "prediction" else None,
        )
        for name, kind, estimate in rows
    )
    return PooledForest(lines, place(reference) or 0.0, spread_words(verdict))


def _text(verdict: Verdict, estimate: Estimate, *, alone: bool) -> str:
    shown, _ = scale(verdict)
    between = f"{shown(estimate.low)} to {shown(estimate.high)}"
    return f"{shown(estimate.value)} ({between})" if alone else between


def spread_words(verdict: Verdict) -> str:
    """How much settings differ: ``tau 0.12, I² 43%, p of equal effects 0.150``."""
    pooled = verdict.pooled
    assert pooled is not None
    on = " on the scale of the logarithm" if scale(verdict)[1] else ""
    return f"tau {pooled.tau:.3g}{on}, I² {100 * pooled.i2:.0f}%, p of equal effects {p_value(pooled.q_p)}"


def one_line(verdict: Verdict) -> str:
    """``4 settings from 1.67 to 2.50 times; one more setting: 1.10 to 3.80 (95% prediction interval)``; or nothing."""
    pooled = verdict.pooled
    if pooled is None:
        return ""
    values = [estimate.value for _, estimate in pooled.settings if estimate.value is not None]
    shown, ratio = scale(verdict)
    settings = f"{len(values)} settings from {shown(min(values))} to {shown(max(values))}{' times' if ratio else ''}"
    further = f"{shown(pooled.prediction_low)} to {shown(pooled.prediction_high)}"
    return f"{settings}; {NEXT}: {further} ({percent(verdict.claim.confidence)} prediction interval)"
