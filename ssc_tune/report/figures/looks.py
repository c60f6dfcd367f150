"""How each claim's effect stood at each look."""

from __future__ import annotations

import altair as alt

from ssc_tune.analysis.result import LookVerdict, StudyAnalysis
from ssc_tune.presentation import words
from ssc_tune.presentation.colours import OKABE_ITO
from ssc_tune.presentation.numbers import interval
from ssc_tune.report.cells import Row, limits
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel
from ssc_tune.report.figures.encodings import fixed, on, rows_of, span, tips, wrapped
from ssc_tune.report.forest import borders

MAX_PANELS = 12
"""Claims that get a panel."""


def figures(given: Given) -> list[Figure]:
    """A panel a claim: effects with their repeated intervals against the points of the look; none before two looks."""
    claims = [verdict.claim for verdict in given.analysis.verdicts]
    at = {claim.name: _at_looks(given.analysis, claim.name) for claim in claims}
    shown = [claim for claim in claims if len(at[claim.name]) > 1][:MAX_PANELS]
    if not shown:
        return []
    panels, datasets = [], {}
    for number, claim in enumerate(shown):
        key, found = f"looks-{number}", at[claim.name]
        datasets[key] = [_row(points, one) for points, one in found]
        datasets[f"{key}-lines"] = [{"y": y} for y in borders(claim)]
        told = "; ".join(f"{points} points: {_effect(one)}, {one.verdict}" for points, one in found)
        title = words.effect_title(found[0][1])
        panels.append(Panel(key, claim.name, f"{title}. {told}.", _chart(key, title, datasets, found), 220))
    caption = (
        "Bars are repeated intervals: wide at early looks, which may spend little of the error. One that keeps clear "
        "of the dashed line has crossed the boundary of its look; for a claim of equivalence it must lie between the "
        "two lines, or outside both. Full marks are looks that decide the claim; Holm's correction and the gates can "
        "hold one back."
    )
    return [Figure("effects-by-look", "Effects at each look", "Effects by look", caption, tuple(panels), datasets)]


def _at_looks(analysis: StudyAnalysis, claim: str) -> list[tuple[int, LookVerdict]]:
    """The looks at which the effect of a claim is defined."""
    return [
        (look.points, one)
        for look in analysis.looks
        for one in look.claims
        if one.claim == claim and one.effect.value is not None
    ]


def _effect(found: LookVerdict) -> str:
    return interval(found.effect, how=words.scale(found))


def _row(points: int, found: LookVerdict) -> Row:
    effect = found.effect
    return {
        "x": points,
        "y": effect.value,
        "d": found.verdict != "inconclusive",
        "t": _effect(found),
        "v": found.verdict,
        **limits(effect.low, effect.high),
    }


def _chart(key: str, title: str, datasets: dict[str, list[Row]], found: list[tuple[int, LookVerdict]]) -> Chart:
    base = rows_of(key)
    at = alt.Axis(values=[points for points, _ in found], format="d")
    x = alt.X("x:Q", title="points", axis=at, scale=alt.Scale(zero=False, nice=False, padding=16))
    rows = [*datasets[key], *datasets[f"{key}-lines"]]
    domain = span([row[end] for row in rows for end in ("lo", "y", "hi") if end in row])
    ticks = axes.effect_ticks(*domain, ratio=found[0][1].ratio is not None)
    y = alt.Y("y:Q", title=wrapped(title), scale=fixed(domain), axis=alt.Axis(**axes.labelled(ticks)))
    said = tips(("x:Q", "points"), ("t:N", "effect"), ("v:N", "verdict"))
    lines = rows_of(f"{key}-lines").mark_rule(strokeDash=[4, 3], stroke="currentColor", opacity=0.7)
    bars = base.transform_filter("isValid(datum.lo)").mark_rule(strokeWidth=2.5, stroke=OKABE_ITO[0])
    marks = base.mark_point(size=70, strokeWidth=2, opacity=1, stroke=OKABE_ITO[0])
    fill = alt.condition("datum.d", alt.value(OKABE_ITO[0]), alt.value("transparent"))
    return alt.layer(
        lines.encode(y=y),
        bars.encode(x=x, y=on(y, "lo"), y2="hi:Q"),
        marks.encode(x=x, y=y, fill=fill, tooltip=said),
    )
