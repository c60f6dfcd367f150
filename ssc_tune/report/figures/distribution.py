"""How accuracy is distributed over the points of the design."""

from __future__ import annotations

import altair as alt

from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import Row, View, mean_rows
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, told
from ssc_tune.report.figures.encodings import ACCURACY, colour, drawn, fixed, marked, rows_of, span, tips


def figures(view: View, _: Given | None = None) -> list[Figure]:
    """A strip with a box a method, and the empirical distribution function."""
    view = view._replace(means=view.means[view.means["drawn"]])
    rows = [{**row, "j": _jitter(row["p"])} for row in mean_rows(view)]
    if len(rows) < 2 * len(view.methods):
        return []
    name, steps = f"spread{view.slug}", f"steps{view.slug}"
    domain = span([row["y"] for row in rows])
    quartiles = [_quartiles(view, method) for method in view.methods]
    every, share = "Each point and its quartiles", "Share of points at or below an accuracy"
    panels = (
        Panel("strip", every, told("Test accuracy of every point", quartiles), _strip(view, name, domain), 230),
        Panel("ecdf", share, told("Empirical distribution functions", quartiles), _ecdf(view, steps, domain), 230),
    )
    caption = (
        "The narrower a method's marks and the steeper its step curve, the less its accuracy depends on the "
        "hyperparameters; the further right, the more accurate it is. Means over seeds, so some of the width is "
        "seed noise: the table has the spread without it."
    )
    datasets = {name: rows, steps: _steps(view, rows, domain)}
    return [Figure(name, "Distribution over the search space", "Distribution", caption, panels, datasets, view.methods)]


def _steps(view: View, rows: list[Row], domain: list[float]) -> list[Row]:
    """Each method's empirical distribution function, from 0 at the left edge to 1 at the right one."""
    found: list[Row] = []
    for method in view.methods:
        scores = sorted(row["y"] for row in rows if row["m"] == method)
        places = [domain[0], *scores, domain[1]]
        shares = [*(round(i / len(scores), 6) for i in range(len(scores) + 1)), 1.0] if scores else []
        found += [{"m": method, "y": y, "share": share} for y, share in zip(places, shares, strict=False)]
    return found


def _jitter(point: int) -> float:
    """Van der Corput's sequence in base 2: spreads neighbours apart, the same way every time."""
    value, scale = 0.0, 0.5
    while point:
        value, scale, point = value + scale * (point & 1), scale / 2, point >> 1
    return round(value, 6)


def _strip(view: View, name: str, domain: list[float]) -> Chart:
    x = alt.X("y:Q", title=ACCURACY, scale=fixed(domain))
    row = alt.Y("m:N", title=None, sort=list(view.methods), axis=alt.Axis(labelFontSize=12, labelPadding=8))
    base = rows_of(name)
    box = base.mark_boxplot(
        size=58,
        opacity=0.22,
        extent="min-max",
        median={"color": "currentColor"},
        rule={"color": "currentColor", "opacity": 0.5},
    )
    marks = base.mark_point(filled=True, size=34, opacity=0.85)
    place = alt.YOffset("j:Q", scale=alt.Scale(domain=[-1, 2]))
    return alt.layer(
        box.encode(x=x, y=row, color=colour(view.study)),
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
    scores = view.means.loc[view.means["method"] == method, "score"]
    low, middle, high = (number(float(scores.quantile(q))) for q in (0.25, 0.5, 0.75))
    return f"{method}: quartiles {low}, {middle}, {high}"
