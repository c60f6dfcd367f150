"""What a figure is: panels that draw themselves in a page or, side by side, in one picture."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ssc_tune.analysis.result import Curve
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    import altair as alt

    Chart = alt.Chart | alt.LayerChart | alt.FacetChart

OKABE_ITO = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a")
"""Okabe and Ito's colours that keep a contrast of about 3 to 1 or more on white and on near-black come first."""

_OWN = {"ssc": OKABE_ITO[0], "fixmatch": OKABE_ITO[1], "supervised": OKABE_ITO[2]}
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [1, 3], [10, 4])


@dataclass(frozen=True)
class Panel:
    """One chart. ``alt`` says in words what it shows; the chart's data are named in :attr:`Figure.datasets`."""

    name: str
    title: str
    alt: str
    chart: Chart
    height: int = 220

    @cached_property
    def specification(self) -> dict[str, Any]:
        """The chart as Vega-Lite, not held against the schema: that takes most of the time, and tests do it."""
        return self.chart.to_dict(validate=False)


class Ramp(NamedTuple):
    """A continuous colour scale: what it shows, and its ends."""

    title: str
    low: float
    high: float


@dataclass(frozen=True)
class Figure:
    """Panels under one title. ``ramp`` is the scale that they share, for the page's own legend.

    ``link`` is its name in the page's navigation. ``heading`` names the block and setting that the figure is of, where
    a study has several.
    """

    name: str
    title: str
    link: str
    caption: str
    panels: tuple[Panel, ...]
    datasets: Mapping[str, Sequence[Mapping[str, Any]]]
    methods: tuple[str, ...] = ()
    ramp: Ramp | None = None
    heading: str = ""

    @property
    def full_title(self) -> str:
        """The title, with the block and setting where there are several."""
        return f"{self.title} ({self.heading})" if self.heading else self.title

    @property
    def columns(self) -> int:
        """Panels side by side on a wide page: all where they are few, else pairs of methods where a ramp is shared."""
        count = len(self.panels)
        pairs = count in (2, 4) or (self.ramp is not None and count > 4)
        return 1 if count == 1 else 2 if pairs else 3


def colours(study: Study) -> dict[str, str]:
    """The colour of each method: fixed for those that ship, the next free one for others, in the study's order."""
    free = OKABE_ITO[len(_OWN) :]
    others = [method for method in study.methods if method not in _OWN]
    return {m: _OWN[m] if m in _OWN else free[others.index(m) % len(free)] for m in study.methods}


def shapes(study: Study) -> dict[str, str]:
    """The marker of each method, so that colour is never the only sign."""
    order = [*_OWN, *(method for method in study.methods if method not in _OWN)]
    return {method: _SHAPES[order.index(method) % len(_SHAPES)] for method in study.methods}


def dashes(study: Study) -> dict[str, list[int]]:
    """The line style of each method."""
    return {method: _DASHES[_SHAPES.index(marker)] for method, marker in shapes(study).items()}


def colour(study: Study) -> alt.Color:
    """Encoding of field ``m`` by the method's colour."""
    import altair as alt

    chosen = colours(study)
    scale = alt.Scale(domain=list(chosen), range=list(chosen.values()))
    return alt.Color("m:N", scale=scale, legend=alt.Legend(title=None))


def shape(study: Study) -> alt.Shape:
    """Encoding of field ``m`` by the method's marker."""
    import altair as alt

    chosen = shapes(study)
    scale = alt.Scale(domain=list(chosen), range=list(chosen.values()))
    return alt.Shape("m:N", scale=scale, legend=alt.Legend(title=None))


def dash(study: Study) -> alt.StrokeDash:
    """Encoding of field ``m`` by the method's line style."""
    import altair as alt

    chosen = dashes(study)
    scale = alt.Scale(domain=list(chosen), range=list(chosen.values()))
    return alt.StrokeDash("m:N", scale=scale, legend=alt.Legend(title=None))


def wrapped(text: str) -> list[str]:
    """An axis title in lines that fit the height of a panel."""
    return textwrap.wrap(text, 26, break_on_hyphens=False)


def notes(curves: Sequence[Curve]) -> list[str]:
    """The notes of curves as sentences: once where all say the same, else with the method's name."""
    found = dict.fromkeys((curve.method, curve.note.rstrip(".")) for curve in curves if curve.note)
    texts = {text for _, text in found}
    if len(texts) == 1:
        return [f"{text[:1].upper()}{text[1:]}." for text in texts]
    return [f"{method}: {text}." for method, text in found]


def span(values: Sequence[float], *, padding: float = 0.04) -> list[float]:
    """An axis over finite values with a margin either side."""
    low, high = min(values), max(values)
    margin = padding * ((high - low) or abs(high) or 1.0)
    return [round(low - margin, 6), round(high + margin, 6)]


CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
    "aria": False,
    "mark": {"aria": False},
    "view": {"stroke": None},
    "axis": {
        "labelColor": "#4a5260",
        "titleColor": "#2b313b",
        "titleFontWeight": 500,
        "titleFontSize": 12,
        "labelFontSize": 11,
        "gridColor": "#e4e7ec",
        "domainColor": "#98a1af",
        "tickColor": "#98a1af",
        "titlePadding": 8,
        "tickSize": 4,
    },
    "axisX": {"grid": False, "tickCount": 6},
    "axisY": {"domain": False, "ticks": False, "tickCount": 5},
    "title": {"color": "#2b313b", "fontSize": 12, "fontWeight": 600, "anchor": "start"},
    "legend": {"labelColor": "#4a5260", "titleColor": "#2b313b", "labelFontSize": 11, "orient": "top", "title": None},
}
"""Look of every figure, on light paper. The page recolours text and lines by style sheet for dark screens."""
