"""Curves that the analysis made: tuning budget, near-optimal volume, accuracy relative to a method's own best."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ssc_tune.analysis.result import Curve
from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import Row, View, curve_rows, in_words
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, notes, told
from ssc_tune.report.figures.encodings import fixed, levels, lines, span, tips, wrapped
from ssc_tune.study.model.space import ChoiceParameter, Parameter

_BUDGET = (
    "The test accuracy to expect of the best of n random points, chosen on some seeds by validation and scored on the "
    "others. Where the curves cross, the better method depends on how much tuning one can pay for."
)
_VOLUME = (
    "The share of the points whose accuracy is within a tolerance of the best of all methods here. A higher curve "
    "means that more of the space will do."
)
_RELATIVE = (
    'The lines of "Accuracy against each hyperparameter", each less the highest place of all lines of its method, so '
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


_KINDS = {
    "budget": ("What tuning buys", "Tuning", _BUDGET),
    "volume": ("How much of the space is good enough", "Volume", _VOLUME),
    "relative": ("Loss from each method's own best", "Loss", _RELATIVE),
    "exploratory_profile": ("Exploratory: performance profile", "Profile", _PROFILE),
}
"""Title, link and caption of the curves of each kind."""


def figures(view: View, given: Given) -> list[Figure]:
    """The figures for which the analysis has curves in this block and setting."""
    here = [curve for curve in view.here(given.analysis.curves) if curve.x]
    by_kind = {kind: [curve for curve in here if curve.kind == kind] for kind in _KINDS}
    return [_figure(view, kind, found) for kind, found in by_kind.items() if found]


def _figure(view: View, kind: str, found: list[Curve]) -> Figure:
    title, link, caption = _KINDS[kind]
    by_pair: dict[tuple[str, str], list[Curve]] = {}
    for curve in found:
        by_pair.setdefault((curve.x_name, curve.y_name), []).append(curve)
    keys = {f"{kind}-{index}{view.slug}": curves for index, curves in enumerate(by_pair.values())}
    datasets = {
        key: [row for c in curves for row in curve_rows(c, view.parameters.get(c.x_name))]
        for key, curves in keys.items()
    }
    domain = span([row[end] for rows in datasets.values() for row in rows for end in ("lo", "y", "hi") if end in row])
    panels = tuple(_panel(view, key, curves, datasets[key], domain) for key, curves in keys.items())
    caption = " ".join([caption, *notes(found)])
    return Figure(f"{kind}{view.slug}", title, link, caption, panels, datasets, view.methods)


def _panel(view: View, key: str, curves: list[Curve], rows: list[Row], domain: list[float]) -> Panel:
    x_name, y_name = curves[0].x_name, curves[0].y_name
    parameter = view.parameters.get(x_name)
    title = y_name if x_name in y_name else f"{y_name} against {x_name}"
    heading = title[:1].upper() + title[1:] if parameter is None else axes.title(x_name, parameter)
    return Panel(key, heading, _alt(curves, parameter), _chart(view, key, x_name, y_name, rows, domain), 240)


def _chart(view: View, key: str, x_name: str, y_name: str, rows: list[Row], domain: list[float]) -> Chart:
    parameter = view.parameters.get(x_name)
    y = alt.Y("y:Q", title=wrapped(y_name), scale=fixed(domain))
    said = tips("m", ("t:N", x_name), ("y:Q", y_name, ".3f"), "lo", "hi")
    if isinstance(parameter, ChoiceParameter):
        return alt.layer(*levels(view, key, x_name, parameter, y, said))
    x = alt.X(
        "x:Q",
        title=_AXES.get(x_name, x_name),
        scale=alt.Scale(zero=False, nice=False),
        axis=alt.Axis(tickCount=6),
    )
    x = x if parameter is None else axes.x("x", x_name, parameter)
    band, line = lines(view.study, key, x, y, said, point="transparent")
    return alt.layer(band, line) if any("lo" in row for row in rows) else line


def _alt(curves: Sequence[Curve], parameter: Parameter | None) -> str:
    ends = ((c, [f"{number(c.y[i])} at {in_words(parameter, c.x[i])}" for i in (0, -1)]) for c in curves)
    parts = [f"{curve.method}: {', '.join(texts)}" for curve, texts in ends]
    return told(f"{curves[0].y_name} against {curves[0].x_name}", parts)
