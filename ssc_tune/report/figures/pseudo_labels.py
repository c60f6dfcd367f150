"""Utilization against noise: what the confidence threshold lets in, and how much of it is right."""

from __future__ import annotations

import altair as alt

from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import Row, View, dicts, unit
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, told_of
from ssc_tune.report.figures.encodings import marked, rows_of, smooth, tips, wrapped
from ssc_tune.report.figures.training import CONFIDENT, history
from ssc_tune.study.model.space import shown


def figures(view: View, given: Given) -> list[Figure]:
    """At the last evaluation of every cell, means over seeds, against tau; none where tau does not vary."""
    if "tau" not in view.parameters:
        return []
    course = history(view, given.tables)
    if course.empty:
        return []
    last = course.sort_values(["cell_id", "step"], kind="stable").groupby(["method", "point", "seed"]).last()
    means = last.groupby(["method", "point"], sort=True)[list(CONFIDENT)].mean()
    taus = view.cells.groupby(["method", "point"])["tau"].first()
    rows = []
    for row in dicts(means.join(taus).reset_index()):
        position = unit(view.parameters["tau"], row["tau"])
        if position is not None:
            known = {f"y{i}": round(row[name], 6) for i, name in enumerate(CONFIDENT) if row[name] == row[name]}
            text = shown(view.parameters["tau"], row["tau"])
            rows.append({"m": row["method"], "p": int(row["point"]), "x": position, "t": text, **known})
    key = f"pseudo-labels{view.slug}"
    panels = [
        Panel(column, title.capitalize(), _alt(view, rows, i, title), _chart(view, key, i, title), 230)
        for i, (column, title) in enumerate(CONFIDENT.items())
        if any(f"y{i}" in row for row in rows)
    ]
    if not panels:
        return []
    caption = (
        "A high threshold uses few unlabelled images and makes few mistakes; a low one uses many and trusts wrong "
        "labels. Each mark is one point at the end of training, a mean over seeds; lines are a local regression."
    )
    title = "Pseudo-labels against the confidence threshold"
    return [Figure(key, title, "Pseudo-labels", caption, tuple(panels), {key: rows}, view.methods)]


def _chart(view: View, key: str, index: int, title: str) -> Chart:
    x = axes.x("x", "tau", view.parameters["tau"])
    y = alt.Y(f"y{index}:Q", title=wrapped(title), scale=alt.Scale(zero=False))
    marks = rows_of(key, f"isValid(datum.y{index})").mark_point(filled=True, size=42, opacity=0.85)
    said = tips("m", "p", ("t:N", "tau"), (f"y{index}:Q", title, ".3f"))
    points = marks.encode(x=x, y=y, **marked(view.study), tooltip=said)
    lines = [smooth(view.study, key, x, y, ("x", f"y{index}"))] if view.is_dense else []
    return alt.layer(*lines, points)


def _alt(view: View, rows: list[Row], index: int, title: str) -> str:
    known = sorted((row for row in rows if f"y{index}" in row), key=lambda row: float(row["x"]))
    return told_of(
        f"{title.capitalize()} against tau",
        view.methods,
        known,
        lambda own: ", ".join(f"{number(row[f'y{index}'])} at tau {row['t']}" for row in (own[0], own[-1])),
    )
