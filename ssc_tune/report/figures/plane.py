"""Exploratory: each method's performance over the settings against how much it must be retuned for each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ssc_tune.analysis.explore.further import PLANE
from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.report.cells import Row
from ssc_tune.report.figures.base import Figure, Panel, colour, shape, span
from ssc_tune.report.numbers import number, signed
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    from ssc_tune.report.figures.base import Chart

FIXED, DEFAULTS = "best fixed point", "defaults"


def figures(study: Study, analysis: StudyAnalysis) -> list[Figure]:
    """A figure a block in which methods have a sensitivity over the settings."""
    made = []
    for block in study.blocks:
        here = [row for row in analysis.facts.get(PLANE, ()) if row["block"] == block]
        known = [row for row in here if (row.get("sensitivity") or {}).get("value") is not None]
        if known:
            made.append(_figure(study, block, known))
    return made


def _figure(study: Study, block: str, facts: Sequence[Mapping[str, Any]]) -> Figure:
    slug = f"-{block}" if len(study.blocks) > 1 else ""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", f"exploratory_plane{slug}")
    rows = [row for fact in facts for row in _rows(fact)]
    panel = Panel(
        "plane",
        "Score against sensitivity",
        "Normalized scores and sensitivity. " + "; ".join(_words(fact) for fact in facts) + ".",
        _chart(study, name, rows),
        240,
    )
    caption = (
        f"Exploratory, no claim rests on it. Over the {facts[0]['num_settings']} settings of the study: to the right, "
        "what is lost by one choice of hyperparameters for all settings instead of the best of each (sensitivity, with "
        "its 95% interval over points and seeds); upwards, the score of the best such choice (filled) and of the "
        "defaults (hollow). Scores are normalized in each setting over all methods: 0 is the 5th percentile of the "
        "points, 1 the 95th. A method that does well without retuning lies at the top left."
    )
    return Figure(
        name,
        "Exploratory: performance and sensitivity over settings",
        "Plane",
        caption,
        (panel,),
        {name: rows},
        tuple(fact["method"] for fact in facts),
        heading=f"block {block}" if slug else "",
    )


def _rows(fact: Mapping[str, Any]) -> list[Row]:
    sensitivity = fact["sensitivity"]
    limits = {} if sensitivity["low"] is None else {"lo": sensitivity["low"], "hi": sensitivity["high"]}
    own = {"m": fact["method"], "x": sensitivity["value"]}
    found = [{**own, "y": fact["best_fixed"], "k": FIXED, **limits}]
    if fact["default"] is not None:
        found.append({**own, "y": fact["default"], "k": DEFAULTS})
    return found


def _words(fact: Mapping[str, Any]) -> str:
    sensitivity = fact["sensitivity"]
    text = f"{fact['method']}: sensitivity {signed(sensitivity['value'])}"
    if sensitivity["low"] is not None:
        text += f" [{signed(sensitivity['low'])}, {signed(sensitivity['high'])}]"
    return f"{text}, best fixed point {number(fact['best_fixed'])}, defaults {number(fact['default'])}"


def _chart(study: Study, name: str, rows: Sequence[Row]) -> Chart:
    import altair as alt

    ends = [row[key] for row in rows for key in ("lo", "x", "hi") if key in row]
    across = alt.Scale(domain=span([*ends, 0.0]), zero=False, nice=False)
    up = alt.Scale(domain=span([row["y"] for row in rows], padding=0.12), zero=False, nice=False)
    x = alt.X("x:Q", title="sensitivity (Phi)", scale=across)
    y = alt.Y("y:Q", title="normalized score", scale=up)
    base = alt.Chart(alt.NamedData(name))
    tips = [
        alt.Tooltip("m:N", title="method"),
        alt.Tooltip("k:N", title="point"),
        alt.Tooltip("x:Q", title="sensitivity", format=".3f"),
        alt.Tooltip("lo:Q", title="from", format=".3f"),
        alt.Tooltip("hi:Q", title="to", format=".3f"),
        alt.Tooltip("y:Q", title="score", format=".3f"),
    ]
    colours, shapes = colour(study), shape(study)
    none = base.transform_filter(f"datum.k == '{FIXED}'").mark_rule(
        strokeDash=[4, 3], stroke="currentColor", opacity=0.3
    )
    whisker = base.transform_filter("isValid(datum.lo)").mark_rule(strokeWidth=2)
    filled = base.transform_filter(f"datum.k == '{FIXED}'").mark_point(filled=True, size=80, opacity=1)
    hollow = base.transform_filter(f"datum.k == '{DEFAULTS}'").mark_point(filled=False, size=80, opacity=1)
    return alt.layer(
        none.encode(x=alt.XDatum(0.0, title="sensitivity (Phi)", scale=across)),
        whisker.encode(x=alt.X("lo:Q", title="sensitivity (Phi)", scale=across), x2="hi:Q", y=y, color=colours),
        filled.encode(x=x, y=y, color=colours, shape=shapes, tooltip=tips),
        hollow.encode(x=x, y=y, color=colours, shape=shapes, tooltip=tips),
    )
