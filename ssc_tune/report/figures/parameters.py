"""Accuracy against each hyperparameter, all methods on one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssc_tune.analysis.result import Curve, StudyAnalysis
from ssc_tune.report.cells import MAX_POINTS, Row, View, cell_rows, dicts, mean_rows, unit
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Figure, Panel, colour, dash, notes, shape, span
from ssc_tune.report.figures.levels import levels
from ssc_tune.report.numbers import number
from ssc_tune.study.model.space import shown

if TYPE_CHECKING:
    import altair as alt

    from ssc_tune.report.figures.base import Chart

_KINDS = ("one_at_a_time", "partial_dependence")


def figure(view: View, analysis: StudyAnalysis) -> Figure | None:
    """One panel a hyperparameter: points are means over seeds, faint ones single cells, lines the analysis's curves."""
    if not view.parameters:
        return None
    curves = _curves(view, analysis)
    cells, points = f"cells{view.slug}", f"points{view.slug}"
    datasets: dict[str, list[Row]] = {cells: cell_rows(view), points: mean_rows(view)}
    domain = span(_ok_scores(view))
    panels = []
    for index, name in enumerate(view.parameters):
        curve = f"curve-{index}{view.slug}"
        datasets[curve] = [row for c in curves.get(name, []) for row in _curve_rows(view, name, c)]
        chart = _chart(view, name, index, domain, cells=cells, points=points, curve=curve if datasets[curve] else None)
        panels.append(Panel(f"{name}", axes.title(name, view.parameters[name]), _alt(view, name), chart, 250))
    return Figure(
        f"parameters{view.slug}",
        "Accuracy against each hyperparameter",
        "Hyperparameters",
        _caption(view, curves),
        tuple(panels),
        datasets,
        view.methods,
    )


def _ok_scores(view: View) -> list[float]:
    """What the axis must hold: every cell that trained to the end, or all cells where none did."""
    ok = view.cells.loc[view.cells["status"] == "ok", "score"]
    return [float(v) for v in (ok if len(ok) else view.cells["score"])]


def _curves(view: View, analysis: StudyAnalysis) -> dict[str, list[Curve]]:
    """The curves of the first kind that a hyperparameter has: measured one at a time before a surrogate's."""
    found: dict[str, list[Curve]] = {}
    for kind in _KINDS:
        for name in view.parameters:
            here = [
                c
                for c in analysis.curves
                if c.kind == kind and c.x_name == name and (c.block, c.setting) == (view.block, view.setting)
            ]
            if here and name not in found:
                found[name] = here
    return found


def _curve_rows(view: View, name: str, curve: Curve) -> list[Row]:
    rows = []
    for i, value in enumerate(curve.x):
        position = unit(view.parameters[name], value)
        if position is not None:
            band = {"lo": curve.low[i], "hi": curve.high[i]} if curve.low and curve.high else {}
            rows.append({"m": curve.method, "x": position, "y": curve.y[i], **band})
    return sorted(rows, key=lambda row: (row["m"], row["x"]))


def _chart(
    view: View, name: str, index: int, domain: list[float], *, cells: str, points: str, curve: str | None
) -> Chart:
    import altair as alt

    parameter = view.parameters[name]
    field = f"x{index}"
    x = axes.x(field, name, parameter)
    y = alt.Y("y:Q", title="test accuracy", scale=alt.Scale(domain=domain, zero=False, nice=False, clamp=True))
    tips = [
        alt.Tooltip("m:N", title="method"),
        alt.Tooltip("p:Q", title="point"),
        alt.Tooltip("v:N", title="hyperparameters"),
        alt.Tooltip("y:Q", title="test accuracy", format=".3f"),
    ]
    has = f"isValid(datum.{field})"
    faint = (
        alt.Chart(alt.NamedData(cells))
        .transform_filter(has)
        .mark_point(filled=True, size=14, opacity=0.28)
        .encode(
            x=x,
            y=y,
            color=colour(view.study),
            shape=shape(view.study),
            tooltip=[
                *tips,
                alt.Tooltip("s:Q", title="seed"),
                alt.Tooltip("st:N", title="status"),
                alt.Tooltip("c:N", title="cell"),
            ],
        )
    )
    means = (
        alt.Chart(alt.NamedData(points))
        .transform_filter(has)
        .mark_point(filled=True, size=46, opacity=0.9)
        .encode(
            x=x,
            y=y,
            color=colour(view.study),
            shape=shape(view.study),
            tooltip=[*tips, alt.Tooltip("n:Q", title="seeds")],
        )
    )
    default = (
        alt.Chart(alt.NamedData(points))
        .transform_filter(f"{has} && datum.p === 0")
        .mark_point(filled=False, size=150, stroke="currentColor", strokeWidth=1.4, opacity=1)
        .encode(x=x, y=y, tooltip=tips)
    )
    if parameter.type != "choice":
        lines = _lines(view, x, y, field, points, curve)
    else:
        lines = levels(view, curve, name, parameter, y) if curve is not None else []
    return alt.layer(*lines, faint, means, default)


def _lines(view: View, x: alt.X, y: alt.Y, field: str, points: str, curve: str | None) -> list[alt.Chart]:
    import altair as alt

    if curve is None:
        if len(view.means) < 10 * len(view.methods):
            return []
        smooth = (
            alt.Chart(alt.NamedData(points))
            .transform_filter(f"isValid(datum.{field})")
            .transform_loess(field, "y", groupby=["m"], bandwidth=0.7)
            .mark_line(strokeWidth=2, clip=True)
        )
        return [smooth.encode(x=x, y=y, color=colour(view.study), strokeDash=dash(view.study))]
    at = x.copy(deep=True)
    at.shorthand = "x:Q"
    base = alt.Chart(alt.NamedData(curve))
    band = base.mark_area(opacity=0.16, clip=True).encode(
        x=at, y=alt.Y("lo:Q", scale=y["scale"]), y2="hi:Q", color=colour(view.study)
    )
    line = base.mark_line(strokeWidth=2, clip=True).encode(
        x=at, y=y, color=colour(view.study), strokeDash=dash(view.study)
    )
    return [band.transform_filter("isValid(datum.lo)"), line]


def _alt(view: View, name: str) -> str:
    parts, parameter = [], view.parameters[name]
    for method in view.methods:
        here = view.means[(view.means["method"] == method) & view.means[name].notna()]
        if here.empty:
            parts.append(f"{method} does not have it")
            continue
        ranked = dicts(here.sort_values("score", kind="stable"))
        worst, best = ranked[0], ranked[-1]
        parts.append(
            f"{method}: from {number(worst['score'])} at {name} {shown(parameter, worst[name])} "
            f"to {number(best['score'])} at {shown(parameter, best[name])}"
        )
    return f"Test accuracy against {name}. " + "; ".join(parts) + "."


def _caption(view: View, curves: dict[str, list[Curve]]) -> str:
    kinds = {c.kind for group in curves.values() for c in group}
    parts = [
        "Each point is one setting of the hyperparameters, a mean over seeds; faint marks are single seeds; "
        "the ring is the default."
    ]
    if "partial_dependence" in kinds:
        parts.append("Lines are partial dependence on a surrogate, with its band.")
        parts += notes([c for group in curves.values() for c in group if c.kind == "partial_dependence"])
    if "one_at_a_time" in kinds:
        parts.append("Lines join the levels measured one at a time, with their interval.")
    if not kinds and len(view.means) >= 10 * len(view.methods):
        parts.append("Lines are a local regression through the points, a guide to the eye.")
    if (view.cells["status"] != "ok").any():
        parts.append("Cells that diverged or failed count at chance and lie on the lower edge.")
    most = max(len(view.cells), 1) / max(len(view.methods), 1)
    if most > MAX_POINTS:
        parts.append(f"For legibility at most {MAX_POINTS} marks a method are drawn; every cell counts in the numbers.")
    return " ".join(parts)
