"""The course of training: validation accuracy, and how many pseudo-labels are used and right."""

from __future__ import annotations

import altair as alt
import pandas as pd

from ssc_tune.analysis.tables import Tables
from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import Row, View, curve_rows, dicts
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, told_of
from ssc_tune.report.figures.encodings import lines, tips, wrapped

CONFIDENT = {
    "confident_fraction": "share of confident images",
    "confident_accuracy": "accuracy of confident pseudo-labels",
}
"""What is recorded of pseudo-labels, in words."""
_MEASURES = {"validation_accuracy": "validation accuracy", **CONFIDENT}


def history(view: View, tables: Tables) -> pd.DataFrame:
    """The evaluations of a view's cells with ``method``, ``point`` and ``seed`` of each."""
    return tables.history.merge(view.cells[["cell_id", "method", "point", "seed"]], on="cell_id", how="inner")


def figures(view: View, given: Given) -> list[Figure]:
    """A panel a measure against steps.

    Validation accuracy is the analysis's convergence curve where there is one; everything else is the median over cells
    with the band of the middle half.
    """
    course = history(view, given.tables)
    panels, datasets = [], {}
    curves = [curve for curve in view.here(given.analysis.curves) if curve.kind == "convergence"]
    means = [row for curve in curves for row in curve_rows(curve)]
    for column, title in _MEASURES.items():
        rows = means if means and column == "validation_accuracy" else _rows(course, column)
        if len({row["x"] for row in rows}) < 2:
            continue
        key = f"training-{column}{view.slug}"
        datasets[key] = rows
        chart = _chart(view, key, title, banded=any("lo" in row for row in rows))
        panels.append(Panel(column, title.capitalize(), _alt(view, rows, title), chart, 230))
    if not panels:
        return []
    first = "Validation accuracy is a mean with its interval; the others are medians" if means else "Medians"
    caption = (
        f"{first} over all points and seeds, with the middle half of the cells. Methods are compared at equal steps."
    )
    name = f"training{view.slug}"
    return [Figure(name, "During training", "Training", caption, tuple(panels), datasets, view.methods)]


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
    x = alt.X("x:Q", title="optimizer steps", scale=alt.Scale(nice=False), axis=alt.Axis(tickCount=5))
    y = alt.Y("y:Q", title=wrapped(title), scale=alt.Scale(zero=False))
    said = tips("m", ("x:Q", "step"), ("y:Q", title, ".3f"), "lo", "hi")
    band, line = lines(view.study, key, x, y, said, point={"size": 22, "filled": True})
    return alt.layer(band, line) if banded else line


def _alt(view: View, rows: list[Row], title: str) -> str:
    return told_of(
        f"{title.capitalize()} against optimizer steps",
        view.methods,
        rows,
        lambda own: ", ".join(f"{number(row['y'])} at step {row['x']}" for row in (own[0], own[-1])),
    )
