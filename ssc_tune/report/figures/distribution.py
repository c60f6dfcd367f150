"""How accuracy is distributed over the points of the design."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssc_tune.report.cells import Row, View, mean_rows
from ssc_tune.report.figures.base import Figure, Panel, colour, dash, shape, span
from ssc_tune.report.numbers import number

if TYPE_CHECKING:
    import altair as alt

    from ssc_tune.report.figures.base import Chart


def figure(view: View) -> Figure | None:
    """A strip with a box a method, and the empirical distribution function."""
    view = view._replace(means=view.means[view.means["drawn"]])
    rows = [{**row, "j": _jitter(row["p"])} for row in mean_rows(view)]
    if len(rows) < 2 * len(view.methods):
        return None
    name, steps = f"spread{view.slug}", f"steps{view.slug}"
    domain = span([row["y"] for row in rows])
    quartiles = "; ".join(_quartiles(view, method) for method in view.methods)
    panels = (
        Panel(
            "strip",
            "Each point and its quartiles",
            f"Test accuracy of every point. {quartiles}.",
            _strip(view, name, domain),
            230,
        ),
        Panel(
            "ecdf",
            "Share of points at or below an accuracy",
            f"Empirical distribution functions. {quartiles}.",
            _ecdf(view, steps, domain),
            230,
        ),
    )
    caption = (
        "The narrower a method's marks and the steeper its step curve, the less its accuracy depends on the "
        "hyperparameters; the further right, the more accurate it is. Means over seeds, so some of the width is "
        "seed noise: the table has the spread without it."
    )
    datasets = {name: rows, steps: _steps(view, rows, domain)}
    return Figure(name, "Distribution over the search space", "Distribution", caption, panels, datasets, view.methods)


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
    import altair as alt

    x = alt.X("y:Q", title="test accuracy", scale=alt.Scale(domain=domain, zero=False, nice=False))
    row = alt.Y("m:N", title=None, sort=list(view.methods), axis=alt.Axis(labelFontSize=12, labelPadding=8))
    base = alt.Chart(alt.NamedData(name))
    box = base.mark_boxplot(
        size=58,
        opacity=0.22,
        extent="min-max",
        median={"color": "currentColor"},
        rule={"color": "currentColor", "opacity": 0.5},
    )
    marks = base.mark_point(filled=True, size=34, opacity=0.85)
    tips = [
        alt.Tooltip("m:N", title="method"),
        alt.Tooltip("p:Q", title="point"),
        alt.Tooltip("v:N", title="hyperparameters"),
        alt.Tooltip("y:Q", title="test accuracy", format=".3f"),
    ]
    place = alt.YOffset("j:Q", scale=alt.Scale(domain=[-1, 2]))
    return alt.layer(
        box.encode(x=x, y=row, color=colour(view.study)),
        marks.encode(x=x, y=row, yOffset=place, color=colour(view.study), shape=shape(view.study), tooltip=tips),
    )


def _ecdf(view: View, name: str, domain: list[float]) -> Chart:
    import altair as alt

    x = alt.X("y:Q", title="test accuracy", scale=alt.Scale(domain=domain, zero=False, nice=False))
    y = alt.Y("share:Q", title="share of points", scale=alt.Scale(domain=[0, 1]))
    tips = [
        alt.Tooltip("m:N", title="method"),
        alt.Tooltip("y:Q", title="test accuracy", format=".3f"),
        alt.Tooltip("share:Q", title="share of points at or below", format=".3f"),
    ]
    chart: alt.Chart = (
        alt.Chart(alt.NamedData(name))
        .mark_line(interpolate="step-after", strokeWidth=2, point="transparent")
        .encode(x=x, y=y, order="share:Q", color=colour(view.study), strokeDash=dash(view.study), tooltip=tips)
    )
    return chart


def _quartiles(view: View, method: str) -> str:
    scores = view.means.loc[view.means["method"] == method, "score"]
    low, middle, high = (number(float(scores.quantile(q))) for q in (0.25, 0.5, 0.75))
    return f"{method}: quartiles {low}, {middle}, {high}"
