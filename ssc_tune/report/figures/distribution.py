"""How accuracy is distributed over the points of the design."""

from __future__ import annotations

import altair as alt
import pandas as pd

from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import MAX_POINTS, Row, View, mean_rows
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, told
from ssc_tune.report.figures.encodings import ACCURACY, colour, drawn, fixed, marked, on, rows_of, span, tips

_BOX = {"lo": "lowest", "q1": "lower quartile", "q2": "median", "q3": "upper quartile", "hi": "highest"}


def figures(view: View, _: Given | None = None) -> list[Figure]:
    """A strip with a box a method, and the empirical distribution function."""
    rows = [{**row, "j": _jitter(row["p"])} for row in mean_rows(view, counted=True)]
    if len(rows) < 2 * len(view.methods):
        return []
    name, boxes, steps = (f"{part}{view.slug}" for part in ("spread", "boxes", "steps"))
    domain = span([row["y"] for row in rows])
    quartiles = [_quartiles(view, method) for method in view.methods]
    every, share = "Each point and its quartiles", "Share of points at or below an accuracy"
    panels = (
        Panel("strip", every, told("Test accuracy of every point", quartiles), _strip(view, name, boxes, domain), 230),
        Panel("ecdf", share, told("Empirical distribution functions", quartiles), _ecdf(view, steps, domain), 230),
    )
    caption = (
        "The narrower a method's marks and the steeper its step curve, the less its accuracy depends on the "
        "hyperparameters; the further right, the more accurate it is. Means over seeds, so some of the width is "
        "seed noise: the table has the spread without it. Points are those of the table of measures."
    )
    datasets = {name: rows, boxes: _boxes(view), steps: _steps(view, domain)}
    return [Figure(name, "Distribution over the search space", "Distribution", caption, panels, datasets, view.methods)]


def _boxes(view: View) -> list[Row]:
    """Lowest, quartiles and highest of each method's points, of all of them though not all are drawn."""
    names = dict(zip(("lo", "q1", "q2", "q3", "hi"), (0, 0.25, 0.5, 0.75, 1), strict=True))
    scores = {method: _scores(view, method) for method in view.methods}
    return [{"m": m, **{name: round(float(s.quantile(q)), 6) for name, q in names.items()}} for m, s in scores.items()]


def _scores(view: View, method: str) -> pd.Series:
    return view.counted.loc[view.counted["method"] == method, "score"].sort_values()


def _steps(view: View, domain: list[float]) -> list[Row]:
    """Each method's empirical distribution function, from 0 at the left edge to 1 at the right one.

    Of many points every k-th step is there, at its own height.
    """
    found: list[Row] = []
    for method in view.methods:
        scores = [round(float(score), 6) for score in _scores(view, method)]
        steps = [(y, round(i / len(scores), 6)) for i, y in enumerate(scores, start=1)]
        kept = steps[:: -(-len(steps) // MAX_POINTS)] if steps else []
        ends = [(domain[0], 0.0), *kept, (domain[1], 1.0)] if steps else []
        found += [{"m": method, "y": y, "share": share} for y, share in ends]
    return found


def _jitter(point: int) -> float:
    """Van der Corput's sequence in base 2: spreads neighbours apart, the same way every time."""
    value, scale = 0.0, 0.5
    while point:
        value, scale, point = value + scale * (point & 1), scale / 2, point >> 1
    return round(value, 6)


def _strip(view: View, name: str, boxes: str, domain: list[float]) -> Chart:
    x = alt.X("y:Q", title=ACCURACY, scale=fixed(domain))
    row = alt.Y("m:N", title=None, sort=list(view.methods), axis=alt.Axis(labelFontSize=12, labelPadding=8))
    base, box = rows_of(name), rows_of(boxes)
    said = tips("m", *((f"{k}:Q", title, ".3f") for k, title in _BOX.items()))
    middle = box.mark_bar(size=58, opacity=0.22)
    reach = box.mark_rule(stroke="currentColor", opacity=0.5)
    median = box.mark_tick(size=58, thickness=1.5, color="currentColor")
    marks = base.mark_point(filled=True, size=34, opacity=0.85)
    place = alt.YOffset("j:Q", scale=alt.Scale(domain=[-1, 2]))
    return alt.layer(
        reach.encode(x=on(x, "lo"), x2="hi:Q", y=row),
        middle.encode(x=on(x, "q1"), x2="q3:Q", y=row, color=colour(view.study), tooltip=said),
        median.encode(x=on(x, "q2"), y=row),
        marks.encode(x=x, y=row, yOffset=place, **marked(view.study), tooltip=tips("m", "p", "v", "y")),
    )


def _ecdf(view: View, name: str, domain: list[float]) -> Chart:
    x = alt.X("y:Q", title=ACCURACY, scale=fixed(domain))
    y = alt.Y("share:Q", title="share of points", scale=alt.Scale(domain=[0, 1]))
    said = tips("m", "y", ("share:Q", "share of points at or below", ".3f"))
    line = rows_of(name).mark_line(interpolate="step-after", strokeWidth=2, point="transparent")
    chart: alt.Chart = line.encode(x=x, y=y, order="share:Q", **drawn(view.study), tooltip=said)
    return chart


def _quartiles(view: View, method: str) -> str:
    scores = _scores(view, method)
    low, middle, high = (number(float(scores.quantile(q))) for q in (0.25, 0.5, 0.75))
    return f"{method}: quartiles {low}, {middle}, {high}"
