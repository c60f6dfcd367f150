"""Curves that the analysis made: tuning budget, near-optimal volume, accuracy relative to a method's own best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ssc_tune.analysis.result import Curve, StudyAnalysis
from ssc_tune.report.cells import Row, View, unit
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Figure, Panel, colour, dash, notes, span, wrapped
from ssc_tune.report.figures.levels import levels
from ssc_tune.report.numbers import compact, number
from ssc_tune.study.model.space import ChoiceParameter, Parameter, shown

if TYPE_CHECKING:
    import altair as alt

    from ssc_tune.report.figures.base import Chart

_BUDGET = (
    "The test accuracy to expect of the best of n random points, chosen on some seeds by validation and scored on the "
    "others. Where the curves cross, the better method depends on how much tuning one can pay for."
)
_VOLUME = (
    "The share of the points whose accuracy is within a tolerance of the best of all methods here. A higher curve "
    "means that more of the space will do."
)
_RELATIVE = (
    'The lines of "Accuracy against each hyperparameter", each less the accuracy of its method\'s own best point, so '
    "that shapes can be compared apart from levels: a flat line is a hyperparameter that does not matter."
)
_PROFILE = (
    "Exploratory, no claim rests on it. The share of the cells, each a point with a seed, that reach more than an "
    "accuracy: the higher curve is the better one, and where curves cross it depends on what counts as good."
)
_AXES = {
    "tolerance": "tolerance (difference of test accuracy)",
    "points tried": "points tried",
    "accuracy": "test accuracy",
}


def figures(view: View, analysis: StudyAnalysis) -> list[Figure]:
    """The figures for which the analysis has curves in this block and setting."""
    made = [
        _figure(view, analysis, "budget", ("What tuning buys", "Tuning"), _BUDGET),
        _figure(view, analysis, "volume", ("How much of the space is good enough", "Volume"), _VOLUME),
        _figure(view, analysis, "relative", ("Loss from each method's own best", "Loss"), _RELATIVE),
        _figure(view, analysis, "exploratory_profile", ("Exploratory: performance profile", "Profile"), _PROFILE),
    ]
    return [figure for figure in made if figure is not None]


def _figure(view: View, analysis: StudyAnalysis, kind: str, names: tuple[str, str], caption: str) -> Figure | None:
    here = [c for c in analysis.curves if c.kind == kind and (c.block, c.setting) == (view.block, view.setting) and c.x]
    if not here:
        return None
    pairs = list(dict.fromkeys((c.x_name, c.y_name) for c in here))
    keys = {pair: f"{kind}-{index}{view.slug}" for index, pair in enumerate(pairs)}
    by_pair = {pair: [c for c in here if (c.x_name, c.y_name) == pair] for pair in pairs}
    datasets = {keys[pair]: [row for c in by_pair[pair] for row in _rows(view, c)] for pair in pairs}
    domain = span([row[end] for rows in datasets.values() for row in rows for end in ("lo", "y", "hi") if end in row])
    panels = tuple(_panel(view, keys[pair], by_pair[pair], datasets[keys[pair]], domain) for pair in pairs)
    return Figure(f"{kind}{view.slug}", *names, " ".join([caption, *notes(here)]), panels, datasets, view.methods)


def _panel(view: View, key: str, curves: list[Curve], rows: list[Row], domain: list[float]) -> Panel:
    x_name, y_name = curves[0].x_name, curves[0].y_name
    parameter = view.parameters.get(x_name)
    title = y_name if x_name in y_name else f"{y_name} against {x_name}"
    heading = title[:1].upper() + title[1:] if parameter is None else axes.title(x_name, parameter)
    return Panel(key, heading, _alt(curves, parameter), _chart(view, key, x_name, y_name, rows, domain), 240)


def _rows(view: View, curve: Curve) -> list[Row]:
    parameter = view.parameters.get(curve.x_name)
    rows = []
    for i, value in enumerate(curve.x):
        x = unit(parameter, value) if parameter is not None else value
        if x is not None:
            band = {"lo": curve.low[i], "hi": curve.high[i]} if curve.low and curve.high else {}
            rows.append({"m": curve.method, "x": x, "t": _text(parameter, value), "y": curve.y[i], **band})
    return rows


def _chart(view: View, key: str, x_name: str, y_name: str, rows: list[Row], domain: list[float]) -> Chart:
    import altair as alt

    parameter = view.parameters.get(x_name)
    scale = alt.Scale(domain=domain, zero=False, nice=False)
    y = alt.Y("y:Q", title=wrapped(y_name), scale=scale)
    tips = [
        alt.Tooltip("m:N", title="method"),
        alt.Tooltip("t:N", title=x_name),
        alt.Tooltip("y:Q", title=y_name, format=".3f"),
        alt.Tooltip("lo:Q", title="band from", format=".3f"),
        alt.Tooltip("hi:Q", title="band to", format=".3f"),
    ]
    if isinstance(parameter, ChoiceParameter):
        return alt.layer(*levels(view, key, x_name, parameter, y, tips))
    title = _AXES.get(x_name, x_name)
    numeric = alt.X("x:Q", title=title, scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(tickCount=6))
    x = numeric if parameter is None else axes.x("x", x_name, parameter)
    base = alt.Chart(alt.NamedData(key))
    line = base.mark_line(strokeWidth=2, point="transparent")
    lines: alt.Chart = line.encode(x=x, y=y, color=colour(view.study), strokeDash=dash(view.study), tooltip=tips)
    if not any("lo" in row for row in rows):
        return lines
    band = base.transform_filter("isValid(datum.lo)").mark_area(opacity=0.16)
    low = alt.Y("lo:Q", title=wrapped(y_name), scale=scale)
    return alt.layer(band.encode(x=x, y=low, y2="hi:Q", color=colour(view.study)), lines)


def _text(parameter: Parameter | None, value: float | str) -> str:
    return compact(value) if parameter is None else shown(parameter, value)


def _alt(curves: Sequence[Curve], parameter: Parameter | None) -> str:
    parts = [
        f"{c.method}: {number(c.y[0])} at {_text(parameter, c.x[0])}, {number(c.y[-1])} at {_text(parameter, c.x[-1])}"
        for c in curves
    ]
    return f"{curves[0].y_name} against {curves[0].x_name}. " + "; ".join(parts) + "."
