"""The course of training: validation accuracy, and how many pseudo-labels are used and right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.analysis.tables import Tables
from ssc_tune.report.cells import Row, View, dicts
from ssc_tune.report.figures.base import Figure, Panel, colour, dash, wrapped
from ssc_tune.report.numbers import number

if TYPE_CHECKING:
    from ssc_tune.report.figures.base import Chart

_MEASURES = {
    "validation_accuracy": "validation accuracy",
    "confident_fraction": "share of confident images",
    "confident_accuracy": "accuracy of confident pseudo-labels",
}


def history(view: View, tables: Tables) -> pd.DataFrame:
    """The evaluations of a view's cells with ``method``, ``point`` and ``seed`` of each."""
    return tables.history.merge(view.cells[["cell_id", "method", "point", "seed"]], on="cell_id", how="inner")


def figure(view: View, tables: Tables, analysis: StudyAnalysis) -> Figure | None:
    """A panel a measure against steps.

    Validation accuracy is the analysis's convergence curve where there is one; everything else is the median over cells
    with the band of the middle half.
    """
    course = history(view, tables)
    panels, datasets = [], {}
    means = _means(view, analysis)
    for column, title in _MEASURES.items():
        rows = means if means and column == "validation_accuracy" else _rows(course, column)
        if len({row["x"] for row in rows}) < 2:
            continue
        key = f"training-{column}{view.slug}"
        datasets[key] = rows
        chart = _chart(view, key, title, banded=any("lo" in row for row in rows))
        panels.append(Panel(column, title.capitalize(), _alt(view, rows, title), chart, 230))
    if not panels:
        return None
    first = "Validation accuracy is a mean with its interval; the others are medians" if means else "Medians"
    caption = (
        f"{first} over all points and seeds, with the middle half of the cells. Methods are compared at equal steps."
    )
    return Figure(f"training{view.slug}", "During training", "Training", caption, tuple(panels), datasets, view.methods)


def _means(view: View, analysis: StudyAnalysis) -> list[Row]:
    here = [
        c for c in analysis.curves if c.kind == "convergence" and (c.block, c.setting) == (view.block, view.setting)
    ]
    rows = []
    for curve in here:
        for i, step in enumerate(curve.x):
            band = {"lo": curve.low[i], "hi": curve.high[i]} if curve.low and curve.high else {}
            rows.append({"m": curve.method, "x": step, "y": curve.y[i], **band})
    return rows


def _rows(course: pd.DataFrame, column: str) -> list[Row]:
    known = course.dropna(subset=[column])
    if known.empty:
        return []
    groups = known.groupby(["method", "step"], sort=True)[column]
    quartiles = pd.DataFrame({name: groups.quantile(q) for name, q in (("lo", 0.25), ("y", 0.5), ("hi", 0.75))})
    return [
        {"m": row["method"], "x": int(row["step"]), **{name: round(row[name], 6) for name in ("lo", "y", "hi")}}
        for row in dicts(quartiles.reset_index())
    ]


def _chart(view: View, key: str, title: str, *, banded: bool) -> Chart:
    import altair as alt

    base = alt.Chart(alt.NamedData(key))
    x = alt.X("x:Q", title="optimizer steps", scale=alt.Scale(nice=False), axis=alt.Axis(tickCount=5))
    scale = alt.Scale(zero=False)
    tips = [
        alt.Tooltip("m:N", title="method"),
        alt.Tooltip("x:Q", title="step"),
        alt.Tooltip("y:Q", title=title, format=".3f"),
        alt.Tooltip("lo:Q", title="band from", format=".3f"),
        alt.Tooltip("hi:Q", title="band to", format=".3f"),
    ]
    band = base.mark_area(opacity=0.16).encode(
        x=x, y=alt.Y("lo:Q", title=wrapped(title), scale=scale), y2="hi:Q", color=colour(view.study)
    )
    line = base.mark_line(strokeWidth=2, point={"size": 22, "filled": True})
    y = alt.Y("y:Q", title=wrapped(title), scale=scale)
    lines = line.encode(x=x, y=y, color=colour(view.study), strokeDash=dash(view.study), tooltip=tips)
    return alt.layer(band, lines) if banded else lines


def _alt(view: View, rows: list[Row], title: str) -> str:
    parts = []
    for method in view.methods:
        own = [row for row in rows if row["m"] == method]
        if own:
            parts.append(
                f"{method}: {number(own[0]['y'])} at step {own[0]['x']}, {number(own[-1]['y'])} at step {own[-1]['x']}"
            )
    return f"{title.capitalize()} against optimizer steps. " + "; ".join(parts) + "."
