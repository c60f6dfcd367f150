"""The course of training: validation accuracy, and how many pseudo-labels are used and right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ssc_tune.analysis.tables import Tables
from ssc_tune.report.cells import Row, View
from ssc_tune.report.figures.base import Figure, Panel, colour, dash
from ssc_tune.report.numbers import number

if TYPE_CHECKING:
    import altair as alt

_MEASURES = {
    "validation_accuracy": "validation accuracy",
    "confident_fraction": "share of confident images",
    "confident_accuracy": "accuracy of confident pseudo-labels",
}


def history(view: View, tables: Tables) -> pd.DataFrame:
    """The evaluations of a view's cells with ``method``, ``point`` and ``seed`` of each."""
    return tables.history.merge(view.cells[["cell_id", "method", "point", "seed"]], on="cell_id", how="inner")


def figure(view: View, tables: Tables) -> Figure | None:
    """A panel a measure against steps: the median over cells and the band of the middle half."""
    course = history(view, tables)
    panels, datasets = [], {}
    for column, title in _MEASURES.items():
        rows = _rows(course, column)
        if len({row["x"] for row in rows}) < 2:
            continue
        key = f"training-{column}{view.slug}"
        datasets[key] = rows
        panels.append(Panel(column, title.capitalize(), _alt(view, rows, title), _chart(view, key, title), 230))
    if not panels:
        return None
    caption = "Medians over all points and seeds; bands hold the middle half of the cells. Both methods are shown at equal steps."
    return Figure(f"training{view.slug}", "During training", caption, tuple(panels), datasets, view.methods)


def _rows(course: pd.DataFrame, column: str) -> list[Row]:
    known = course.dropna(subset=[column])
    if known.empty:
        return []
    quartiles = known.groupby(["method", "step"], sort=True)[column].quantile([0.25, 0.5, 0.75]).unstack()
    return [
        {"m": method, "x": int(step), "lo": round(row[0.25], 6), "y": round(row[0.5], 6), "hi": round(row[0.75], 6)}
        for (method, step), row in quartiles.iterrows()  # type: ignore[misc]
    ]


def _chart(view: View, key: str, title: str) -> alt.LayerChart:
    import altair as alt

    base = alt.Chart(alt.NamedData(key))
    x = alt.X("x:Q", title="optimizer steps", scale=alt.Scale(nice=False), axis=alt.Axis(tickCount=5))
    scale = alt.Scale(zero=False)
    tips = [
        alt.Tooltip("m:N", title="method"),
        alt.Tooltip("x:Q", title="step"),
        alt.Tooltip("y:Q", title=f"{title}, median", format=".3f"),
        alt.Tooltip("lo:Q", title="first quartile", format=".3f"),
        alt.Tooltip("hi:Q", title="third quartile", format=".3f"),
    ]
    band = base.mark_area(opacity=0.16).encode(x=x, y=alt.Y("lo:Q", title=title, scale=scale), y2="hi:Q", color=colour(view.study))
    line = base.mark_line(strokeWidth=2, point={"size": 22, "filled": True})
    y = alt.Y("y:Q", title=title, scale=scale)
    return alt.layer(band, line.encode(x=x, y=y, color=colour(view.study), strokeDash=dash(view.study), tooltip=tips))


def _alt(view: View, rows: list[Row], title: str) -> str:
    parts = []
    for method in view.methods:
        own = [row for row in rows if row["m"] == method]
        if own:
            parts.append(f"{method}: {number(own[0]['y'])} at step {own[0]['x']}, {number(own[-1]['y'])} at step {own[-1]['x']}")
    return f"Median {title} against optimizer steps. " + "; ".join(parts) + "."
