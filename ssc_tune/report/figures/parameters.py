"""Accuracy against each hyperparameter, all methods on one axis."""

from __future__ import annotations

import altair as alt

from ssc_tune.analysis.result import Curve, StudyAnalysis
from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import MAX_POINTS, Row, View, cell_rows, curve_rows, dicts, mean_rows
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, notes, told
from ssc_tune.report.figures.encodings import ACCURACY, fixed, levels, lines, marked, on, rows_of, smooth, span, tips
from ssc_tune.study.model.space import ChoiceParameter, shown

_KINDS = ("one_at_a_time", "partial_dependence")


def figures(view: View, given: Given) -> list[Figure]:
    """One panel a hyperparameter: points are means over seeds, faint ones single cells, lines the analysis's curves."""
    if not view.parameters or not given.study.design.varies:
        return []
    curves, refused = _curves(view, given.analysis), _refused(view, given.analysis)
    cells, points = f"cells{view.slug}", f"points{view.slug}"
    datasets: dict[str, list[Row]] = {cells: cell_rows(view), points: mean_rows(view)}
    domain = span(_ok_scores(view))
    panels = []
    for index, name in enumerate(view.parameters):
        curve = f"curve-{index}{view.slug}"
        rows = [row for c in curves.get(name, []) for row in curve_rows(c, view.parameters[name])]
        datasets[curve] = sorted(rows, key=lambda row: (row["m"], row["x"]))
        line = curve if datasets[curve] else None
        chart = _chart(view, name, index, domain, cells, points, line, guided=view.is_dense and not refused)
        panels.append(Panel(name, axes.title(name, view.parameters[name]), _alt(view, name), chart, 250))
    title, link, caption = "Accuracy against each hyperparameter", "Hyperparameters", _caption(view, curves, refused)
    return [Figure(f"parameters{view.slug}", title, link, caption, tuple(panels), datasets, view.methods, lead=True)]


def _ok_scores(view: View) -> list[float]:
    """What the axis must hold: every cell that trained to the end, or all cells where none did."""
    ok = view.cells.loc[view.cells["status"] == "ok", "score"]
    return [float(v) for v in (ok if len(ok) else view.cells["score"])]


def _curves(view: View, analysis: StudyAnalysis) -> dict[str, list[Curve]]:
    """The curves of the first kind that a hyperparameter has: measured one at a time before a surrogate's."""
    by_kind: dict[str, dict[str, list[Curve]]] = {kind: {} for kind in _KINDS}
    for curve in view.here(analysis.curves):
        if curve.kind in by_kind and curve.x_name in view.parameters:
            by_kind[curve.kind].setdefault(curve.x_name, []).append(curve)
    first, second = (by_kind[kind] for kind in _KINDS)
    return {**second, **first}


def _refused(view: View, analysis: StudyAnalysis) -> dict[str, str]:
    """Methods whose surrogate explains too little for a line, with the reason."""
    rows = [row for row in analysis.facts.get("surrogate", ()) if row.get("reason")]
    place = view.block, view.setting
    return {row["method"]: row["reason"] for row in rows if (row.get("block"), row.get("setting")) == place}


def _chart(
    view: View, name: str, index: int, domain: list[float], cells: str, points: str, line: str | None, *, guided: bool
) -> Chart:
    """Single cells and means over the curve ``line``, or where there is none, and it is wanted, a local regression."""
    parameter, field = view.parameters[name], f"x{index}"
    x = axes.x(field, name, parameter)
    y = alt.Y("y:Q", title=ACCURACY, scale=fixed(domain, clamp=True))
    has = f"isValid(datum.{field})"
    single = rows_of(cells, has).mark_point(filled=True, size=14, opacity=0.28)
    means = rows_of(points, has).mark_point(filled=True, size=46, opacity=0.9)
    default = rows_of(points, f"{has} && datum.p === 0").mark_point(
        filled=False, size=150, stroke="currentColor", strokeWidth=1.4, opacity=1
    )
    said = ("m", "p", "v", "y")
    below: list[alt.Chart] = []
    if line is not None and isinstance(parameter, ChoiceParameter):
        below = levels(view, line, name, parameter, y)
    elif line is not None:
        below = lines(view.study, line, on(x, "x"), y, clip=True)
    elif guided and not isinstance(parameter, ChoiceParameter):
        below = [smooth(view.study, points, x, y, (field, "y"), clip=True)]
    return alt.layer(
        *below,
        single.encode(x=x, y=y, **marked(view.study), tooltip=tips(*said, "s", ("st:N", "status"), "c")),
        means.encode(x=x, y=y, **marked(view.study), tooltip=tips(*said, ("n:Q", "seeds"))),
        default.encode(x=x, y=y, tooltip=tips(*said)),
    )


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
    return told(f"Test accuracy against {name}", parts)


def _caption(view: View, curves: dict[str, list[Curve]], refused: dict[str, str]) -> str:
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
    parts += [f"No line for {method}: {reason}; read the points." for method, reason in refused.items()]
    if not kinds and view.is_dense and not refused:
        parts.append("Lines are a local regression through the points, a guide to the eye.")
    if (view.cells["status"] != "ok").any():
        parts.append("Cells that diverged or failed count at chance and lie on the lower edge.")
    most = max(len(view.cells), 1) / max(len(view.methods), 1)
    if most > MAX_POINTS:
        parts.append(f"For legibility at most {MAX_POINTS} marks a method are drawn; every cell counts in the numbers.")
    return " ".join(parts)
