"""Every point on every seed: how much of a spread is the seeds'."""

from __future__ import annotations

import json

import altair as alt

from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import Row, View, cell_rows, mean_rows
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, told
from ssc_tune.report.figures.encodings import ACCURACY, fixed, marked, rows_of, span, tips

MOST = 120
"""Points that a panel shows; beyond it every k-th, and the caption says so."""


def figures(view: View, _: Given) -> list[Figure]:
    """One panel a method: its points by their mean, each with its seeds and the range over them."""
    seeds, points = f"seeds{view.slug}", f"seed-means{view.slug}"
    cells, means = _rows(view)
    if not any(row["lo"] < row["hi"] for row in means) or len(means) < 2 * len(view.methods):
        return []
    domain = span([row["y"] for row in cells])
    panels = tuple(
        Panel(method, method, _alt(method, own), _chart(view, method, domain, seeds, points))
        for method in view.methods
        if (own := [row for row in means if row["m"] == method])
    )
    caption = (
        "Points in the order of their mean. Faint marks are single seeds, the line joins the lowest and the highest: "
        "where lines are long, one run says little about a point. Cells that diverged or failed count at chance."
    )
    if len(view.counted) > MOST * len(view.methods):
        caption += f" At most {MOST} points of a method are drawn."
    datasets, title = {seeds: cells, points: means}, "Every point on every seed"
    return [Figure(seeds, title, "Seeds", caption, panels, datasets, view.methods, lead=True)]


def _rows(view: View) -> tuple[list[Row], list[Row]]:
    """Cells and points, with the rank ``r`` of the point in its method and the ends ``lo`` and ``hi`` of its seeds."""
    means = sorted(mean_rows(view, MOST, counted=True), key=lambda row: (row["m"], row["y"], row["p"]))
    ranks: dict[str, int] = {}
    for row in means:
        row["r"] = ranks[row["m"]] = ranks.get(row["m"], 0) + 1
    by_point: dict[tuple[str, int], list[Row]] = {}
    for cell in cell_rows(view, limit=len(view.cells)):
        by_point.setdefault((cell["m"], cell["p"]), []).append(cell)
    cells = []
    for row in means:
        own = by_point.get((row["m"], row["p"]), [])
        scores = [cell["y"] for cell in own] or [row["y"]]
        row |= {"lo": min(scores), "hi": max(scores)}
        cells += [{**cell, "r": row["r"]} for cell in own]
    return cells, means


def _chart(view: View, method: str, domain: list[float], seeds: str, points: str) -> Chart:
    own = f"datum.m === {json.dumps(method)}"
    x = alt.X("r:Q", title="points by their mean", scale=alt.Scale(nice=False, padding=6), axis=alt.Axis(tickMinStep=1))
    y = alt.Y("y:Q", title=ACCURACY, scale=fixed(domain))
    said = ("m", "p", "v", "y")
    base, single = rows_of(points, own), rows_of(seeds, own)
    ends = [("lo:Q", "lowest seed", ".3f"), ("hi:Q", "highest seed", ".3f"), ("n:Q", "seeds")]
    reach = base.mark_rule(strokeWidth=1.2, opacity=0.45)
    runs = single.mark_point(filled=True, size=13, opacity=0.35)
    means = base.mark_point(filled=True, size=34, opacity=0.95)
    marks = marked(view.study)
    return alt.layer(
        reach.encode(x=x, y=alt.Y("lo:Q", title=ACCURACY, scale=fixed(domain)), y2="hi:Q", color=marks["color"]),
        runs.encode(x=x, y=y, **marks, tooltip=tips(*said, "s", ("st:N", "status"), "c")),
        means.encode(x=x, y=y, **marks, tooltip=tips(*said, *ends)),
    )


def _alt(method: str, rows: list[Row]) -> str:
    widest = max(rows, key=lambda row: row["hi"] - row["lo"])
    return told(
        f"Test accuracy of every point of {method} on every seed",
        [
            f"means from {number(rows[0]['y'])} to {number(rows[-1]['y'])}",
            f"the widest, point {widest['p']}, from {number(widest['lo'])} to {number(widest['hi'])}",
        ],
    )
