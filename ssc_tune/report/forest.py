"""What a verdict's card draws, as positions on a line: effects with their intervals, the settings and points behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ssc_tune.analysis.result import Estimate, Verdict
from ssc_tune.presentation import words
from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import View, thin
from ssc_tune.study.model.claims import Bound, Claim

MEAN = "population mean"
MOST = 120
"""Marks of a method in a strip; beyond it every k-th is drawn."""


class Forest(NamedTuple):
    """Positions in percent of the line's width."""

    low: float
    high: float
    value: float
    reference: float
    reference_label: str
    margin: tuple[float, float] | None  # the zone of equivalence
    label: str


class Line(NamedTuple):
    """A row of the forest of settings; positions in percent of its width, None where there is nothing to draw."""

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


def borders(claim: Claim) -> tuple[float, ...]:
    """What an effect is held against: the claim's bound, or the two ends of an equivalence's margin."""
    return (claim.bound,) if claim.within is None else (-claim.within, claim.within)


def forests(verdicts: Sequence[Verdict]) -> list[Forest | None]:
    """The line of each effect; none where the effect or its interval is undefined.

    Effects in one unit lie on one axis: ratios on that of their logarithms, differences of accuracy, of shares, of
    steps, and what is held against a bound.
    """
    values: dict[str, list[float]] = {}
    for verdict in verdicts:
        values.setdefault(_unit(verdict), []).extend(_extent(verdict))
    axes = {unit: axis(found, padding=0.08) for unit, found in values.items() if found}
    return [_forest(verdict, axes[_unit(verdict)]) if _extent(verdict) else None for verdict in verdicts]


def _unit(verdict: Verdict) -> str:
    claim = verdict.claim
    return "bound" if isinstance(claim, Bound) else "ratio" if verdict.ratio is not None else claim.kind.unit


def _extent(verdict: Verdict) -> list[float]:
    """What the axis of an effect must hold."""
    effect, claim = verdict.effect, verdict.claim
    if effect.value is None or effect.low is None or effect.high is None:
        return []
    return [effect.low, effect.high, effect.value, claim.bound, *(borders(claim) if claim.within is not None else ())]


def _forest(verdict: Verdict, place: Callable[[float], float]) -> Forest:
    claim = verdict.claim
    low, high, value, bound, *margin = (place(x) for x in _extent(verdict))
    return Forest(
        low,
        high,
        value,
        bound,
        f"bound {claim.bound:g}" if isinstance(claim, Bound) else "no difference",
        (margin[0], margin[1]) if margin else None,
        words.effect_text(verdict, verdict.effect),
    )


def pooled_forest(verdict: Verdict) -> PooledForest | None:
    """The rows of a verdict over settings; None for any other, and where its effect is undefined."""
    pooled, mean = verdict.pooled, verdict.effect
    if pooled is None or mean.value is None or mean.low is None or mean.high is None:
        return None
    drawn = [(name, "setting", estimate) for name, estimate in pooled.settings] + [(MEAN, "mean", mean)]
    border = verdict.claim.bound
    place = axis([border, *(x for _, _, e in drawn for x in (e.low, e.high) if x is not None)], padding=0.05)
    lines = [_line(verdict, name, kind, estimate, place) for name, kind, estimate in drawn]
    further = Estimate(value=None, low=pooled.prediction_low, high=pooled.prediction_high)
    lines.append(_line(verdict, words.NEXT, "prediction", further, place))
    return PooledForest(tuple(lines), place(border))


def _line(verdict: Verdict, name: str, kind: str, estimate: Estimate, place: Callable[[float], float]) -> Line:
    shown = words.scale(verdict)
    between = f"{shown(estimate.low)} to {shown(estimate.high)}"
    text = between if estimate.value is None else f"{shown(estimate.value)} ({between})"
    low, high, value = (None if x is None else place(x) for x in (estimate.low, estimate.high, estimate.value))
    return Line(name, kind, text, low, high, value)


def axis(values: Sequence[float], *, padding: float) -> Callable[[float], float]:
    """Positions on a line that holds these values; what lies outside is put at its end."""
    low, high = min(values), max(values)
    pad = padding * ((high - low) or 1.0)

    def place(value: float) -> float:
        position: float = round(min(100.0, max(0.0, 100 * (value - low + pad) / (high - low + 2 * pad))), 2)
        return position

    return place


class Strip(NamedTuple):
    """Test accuracy of each point, a mean over seeds."""

    rows: dict[str, list[float]]  # of each method: positions in percent of the strip's width
    low: str
    high: str
    alt: str


class Strips:
    """The strips of a page, of all of its blocks and settings."""

    def __init__(self, views: Sequence[View]) -> None:
        self._counted = {(view.block, view.setting): thin(view.counted, MOST) for view in views}
        scores = [float(s) for frame in self._counted.values() for s in frame["score"]] or [0.0]
        self._low, self._high = min(scores), max(scores)
        self._place = axis((self._low, self._high), padding=1 / 48)  # two percent of the strip at either end

    def of(self, verdict: Verdict, settings: Sequence[str]) -> Strip | None:
        """The points that a verdict rests on; none where it rests on more, or on something else than their accuracy.

        A claim that names no setting is about the first of ``settings``.
        """
        claim = verdict.claim
        found = self._counted.get((claim.block, claim.setting or settings[0]))
        elsewhere = claim.over is not None or claim.kind.over_all_settings or claim.kind.unit == "steps"
        if found is None or elsewhere or self._low == self._high:
            return None
        points = {method: found.loc[found["method"] == method, "score"].tolist() for method in claim.methods}
        scores = {method: values for method, values in points.items() if values}
        told = "; ".join(f"{m} from {number(min(v))} to {number(max(v))}" for m, v in scores.items())
        rows = {method: [self._place(score) for score in values] for method, values in scores.items()}
        if sum(map(len, rows.values())) < 2:
            return None
        return Strip(rows, number(self._low), number(self._high), f"Test accuracy of each point: {told}")
