"""Curves that the analysis made: tuning budget, near-optimal volume, accuracy relative to a method's own best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ssc_tune.analysis.result import Curve, StudyAnalysis
from ssc_tune.report.cells import Row, View, unit
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Figure, Panel, colour, dash, notes, wrapped
from ssc_tune.report.numbers import compact, number

if TYPE_CHECKING:
    import altair as alt

    from ssc_tune.report.figures.base import Chart

_BUDGET = (
    "The test accuracy to expect of the best of n random points, chosen on validation. Where the curves cross, the "
    "better method depends on how much tuning one can pay for."
)
_VOLUME = (
    "The share of the search space whose accuracy is within a given distance of the best. A higher curve means that "
    "more settings will do."
)
_RELATIVE = (
    "The same curves, each as a loss from its method's own best, so that shapes can be compared apart from levels."
)


def figures(view: View, analysis: StudyAnalysis) -> list[Figure]:
    """The figures for which the analysis has curves in this block and setting."""
    made = [
        _figure(view, analysis, "budget", "What tuning buys", _BUDGET),
        _figure(view, analysis, "volume", "How much of the space is good enough", _VOLUME),
        _figure(view, analysis, "relative", "Loss from each method's own best", _RELATIVE),
    ]
    return [figure for figure in made if figure is not None]


def _figure(view: View, analysis: StudyAnalysis, kind: str, title: str, caption: str) -> Figure | None:
    here = [c for c in analysis.curves if c.kind == kind and (c.block, c.setting) == (view.block, view.setting) and c.x]
    if not here:
        return None
    panels, datasets = [], {}
    for index, pair in enumerate(dict.fromkeys((c.x_name, c.y_name) for c in here)):
        chosen = [c for c in here if (c.x_name, c.y_name) == pair]
        key = f"{kind}-{index}{view.slug}"
        datasets[key] = [row for c in chosen for row in _rows(view, c)]
        parameter = view.parameters.get(pair[0])
        heading = f"{pair[1]} against {pair[0]}" if parameter is None else axes.title(pair[0], parameter)
        heading = heading[:1].upper() + heading[1:] if parameter is None else heading
        banded = any("lo" in row for row in datasets[key])
        panels.append(Panel(key, heading, _alt(chosen), _chart(view, key, *pair, banded=banded), 240))
    return Figure(f"{kind}{view.slug}", title, " ".join([caption, *notes(here)]), tuple(panels), datasets, view.methods)


def _rows(view: View, curve: Curve) -> list[Row]:
    parameter = view.parameters.get(curve.x_name)
    rows = []
    for i, value in enumerate(curve.x):
        x = unit(parameter, value) if parameter is not None else value
        if x is not None:
            band = {"lo": curve.low[i], "hi": curve.high[i]} if curve.low and curve.high else {}
            rows.append({"m": curve.method, "x": x, "y": curve.y[i], **band})
    return rows


def _chart(view: View, key: str, x_name: str, y_name: str, *, banded: bool) -> Chart:
    import altair as alt

    parameter = view.parameters.get(x_name)
    numeric = alt.X("x:Q", title=x_name, scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(tickCount=6))
    x = numeric if parameter is None else axes.x("x", x_name, parameter)
    y = alt.Y("y:Q", title=wrapped(y_name), scale=alt.Scale(zero=False))
    base = alt.Chart(alt.NamedData(key))
    band = base.transform_filter("isValid(datum.lo)").mark_area(opacity=0.16)
    line = base.mark_line(strokeWidth=2)
    tips = [alt.Tooltip("m:N", title="method"), alt.Tooltip("y:Q", title=y_name, format=".3f")]
    low = alt.Y("lo:Q", title=wrapped(y_name), scale=alt.Scale(zero=False))
    bands = band.encode(x=x, y=low, y2="hi:Q", color=colour(view.study))
    lines: alt.Chart = line.encode(x=x, y=y, color=colour(view.study), strokeDash=dash(view.study), tooltip=tips)
    return alt.layer(bands, lines) if banded else lines


def _alt(curves: Sequence[Curve]) -> str:
    parts = [
        f"{c.method}: {number(c.y[0])} at {compact(c.x[0])}, {number(c.y[-1])} at {compact(c.x[-1])}" for c in curves
    ]
    return f"{curves[0].y_name} against {curves[0].x_name}. " + "; ".join(parts) + "."
