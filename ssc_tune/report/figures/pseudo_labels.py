"""Utilization against noise: what the confidence threshold lets in, and how much of it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssc_tune.analysis.tables import Tables
from ssc_tune.report.cells import Row, View, dicts, unit
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Figure, Panel, colour, dash, shape, wrapped
from ssc_tune.report.figures.training import history
from ssc_tune.report.numbers import number
from ssc_tune.study.model.space import shown

if TYPE_CHECKING:
    from ssc_tune.report.figures.base import Chart

_MEASURES = {
    "confident_fraction": "share of confident images",
    "confident_accuracy": "accuracy of confident pseudo-labels",
}


def figure(view: View, tables: Tables) -> Figure | None:
    """At the last evaluation of every cell, means over seeds, against tau; none where tau does not vary."""
    if "tau" not in view.parameters:
        return None
    course = history(view, tables)
    if course.empty:
        return None
    last = course.sort_values(["cell_id", "step"], kind="stable").groupby(["method", "point", "seed"]).last()
    means = last.groupby(["method", "point"], sort=True)[list(_MEASURES)].mean()
    taus = view.cells.groupby(["method", "point"])["tau"].first()
    rows = []
    for row in dicts(means.join(taus).reset_index()):
        position = unit(view.parameters["tau"], row["tau"])
        if position is not None:
            known = {f"y{i}": round(row[name], 6) for i, name in enumerate(_MEASURES) if row[name] == row[name]}
            text = shown(view.parameters["tau"], row["tau"])
            rows.append({"m": row["method"], "p": int(row["point"]), "x": position, "t": text, **known})
    key = f"pseudo-labels{view.slug}"
    panels = [
        Panel(column, title.capitalize(), _alt(view, rows, i, title), _chart(view, key, i, title), 230)
        for i, (column, title) in enumerate(_MEASURES.items())
        if any(f"y{i}" in row for row in rows)
    ]
    if not panels:
        return None
    caption = (
        "A high threshold uses few unlabelled images and makes few mistakes; a low one uses many and trusts wrong "
        "labels. Each mark is one point at the end of training, a mean over seeds; lines are a local regression."
    )
    title = "Pseudo-labels against the confidence threshold"
    return Figure(key, title, "Pseudo-labels", caption, tuple(panels), {key: rows}, view.methods)


def _chart(view: View, key: str, index: int, title: str) -> Chart:
    import altair as alt

    x = axes.x("x", "tau", view.parameters["tau"])
    y = alt.Y(f"y{index}:Q", title=wrapped(title), scale=alt.Scale(zero=False))
    base = alt.Chart(alt.NamedData(key)).transform_filter(f"isValid(datum.y{index})")
    tips = [
        alt.Tooltip("m:N", title="method"),
        alt.Tooltip("p:Q", title="point"),
        alt.Tooltip("t:N", title="tau"),
        alt.Tooltip(f"y{index}:Q", title=title, format=".3f"),
    ]
    marks = base.mark_point(filled=True, size=42, opacity=0.85)
    layers = [marks.encode(x=x, y=y, color=colour(view.study), shape=shape(view.study), tooltip=tips)]
    if len(view.means) >= 10 * len(view.methods):
        smooth = base.transform_loess("x", f"y{index}", groupby=["m"], bandwidth=0.7).mark_line(strokeWidth=2)
        layers.insert(0, smooth.encode(x=x, y=y, color=colour(view.study), strokeDash=dash(view.study)))
    return alt.layer(*layers)


def _alt(view: View, rows: list[Row], index: int, title: str) -> str:
    parts = []
    for method in view.methods:
        own = sorted((r for r in rows if r["m"] == method and f"y{index}" in r), key=lambda r: float(r["x"]))
        if own:
            ends = [f"{number(r[f'y{index}'])} at tau {r['t']}" for r in (own[0], own[-1])]
            parts.append(f"{method}: {ends[0]}, {ends[1]}")
    return f"{title.capitalize()} against tau. " + "; ".join(parts) + "."
