"""What a figure is: panels that draw themselves in a page or, side by side, in one picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import altair as alt

from ssc_tune.analysis.result import Curve, StudyAnalysis
from ssc_tune.analysis.tables import Tables
from ssc_tune.presentation.words import sentence
from ssc_tune.records.record import Record
from ssc_tune.report.cells import Row
from ssc_tune.study.model.study import Study
from ssc_tune.training.result import Geometry

Chart = alt.Chart | alt.LayerChart | alt.FacetChart


class Given(NamedTuple):
    """What a report is made of."""

    study: Study
    tables: Tables
    analysis: StudyAnalysis
    records: Sequence[Record] = ()
    geometries: Mapping[str, Geometry] = MappingProxyType({})  # by cell id


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
    a study has several. ``lead`` puts it before the tables of a page.
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
    lead: bool = False

    @property
    def full_title(self) -> str:
        """The title, with the block and setting where there are several."""
        return f"{self.title} ({self.heading})" if self.heading else self.title

    @property
    def to_copy(self) -> str:
        """Title and caption as one text, for a paper."""
        return f"{sentence(self.full_title)} {self.caption}"

    @property
    def columns(self) -> int:
        """Panels side by side on a wide page: all where they are few, else pairs of methods where a ramp is shared."""
        count = len(self.panels)
        pairs = count in (2, 4) or (self.ramp is not None and count > 4)
        return 1 if count == 1 else 2 if pairs else 3


def notes(curves: Sequence[Curve]) -> list[str]:
    """The notes of curves as sentences: once where all say the same, else with the method's name."""
    found = dict.fromkeys((curve.method, curve.note.rstrip(".")) for curve in curves if curve.note)
    texts = {text for _, text in found}
    if len(texts) == 1:
        return [f"{text[:1].upper()}{text[1:]}." for text in texts]
    return [f"{method}: {text}." for method, text in found]


def told(what: str, parts: Iterable[str]) -> str:
    """What a panel shows, then what it shows of each: ``Test accuracy against tau. ssc: from ...; fixmatch: ...``."""
    return f"{what}. {'; '.join(parts)}."


def told_of(what: str, methods: Iterable[str], rows: Iterable[Row], say: Callable[[list[Row]], str]) -> str:
    """The same, where rows of a method are all that is said of it; of methods without rows nothing."""
    by_method: dict[str, list[Row]] = {method: [] for method in methods}
    for row in rows:
        by_method[row["m"]].append(row)
    return told(what, [f"{method}: {say(own)}" for method, own in by_method.items() if own])


INK = "#2b313b"
"""Of titles."""
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
    "aria": False,
    "mark": {"aria": False},
    "view": {"stroke": None},
    "axis": {
        "labelColor": "#4a5260",
        "titleColor": INK,
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
    "title": {"color": INK, "fontSize": 12, "fontWeight": 600, "anchor": "start"},
    "legend": {
        "labelColor": "#4a5260",
        "titleColor": INK,
        "labelFontSize": 11,
        "columnPadding": 18,  # letters may be wider than those that were measured
        "orient": "top",
        "title": None,
    },
}
"""Look of every figure, on light paper. The page recolours text and lines by style sheet for dark screens."""
