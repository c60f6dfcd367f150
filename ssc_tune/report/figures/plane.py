"""Exploratory: each method's performance over the settings against how much it must be retuned for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from ssc_tune.analysis.explore.further import PLANE
from ssc_tune.presentation import places
from ssc_tune.presentation.numbers import number, signed
from ssc_tune.report.cells import Row, limits
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, told
from ssc_tune.report.figures.encodings import colour, fixed, marked, on, rows_of, span, tips
from ssc_tune.study.model.study import Study

FIXED, DEFAULTS = "best fixed point", "defaults"


def figures(given: Given) -> list[Figure]:
    """A figure a block in which methods have a sensitivity over the settings."""
    rows = given.analysis.facts.get(PLANE, ())
    known = [row for row in rows if (row.get("sensitivity") or {}).get("value") is not None]
    by_block = {block: [row for row in known if row["block"] == block] for block in given.study.blocks}
    return [_figure(given.study, block, facts) for block, facts in by_block.items() if facts]


def _figure(study: Study, block: str, facts: Sequence[Mapping[str, Any]]) -> Figure:
    name = f"exploratory_plane{places.slug(study, block)}"
    rows = [row for fact in facts for row in _rows(fact)]
    text = told("Normalized scores and sensitivity", map(_words, facts))
    panel = Panel("plane", "Score against sensitivity", text, _chart(study, name, rows), 240)
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
        heading=places.told(study, block),
    )


def _rows(fact: Mapping[str, Any]) -> list[Row]:
    sensitivity = fact["sensitivity"]
    own = {"m": fact["method"], "x": sensitivity["value"]}
    found = [{**own, "y": fact["best_fixed"], "k": FIXED, **limits(sensitivity["low"], sensitivity["high"])}]
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
    ends = [row[key] for row in rows for key in ("lo", "x", "hi") if key in row]
    across = fixed(span([*ends, 0.0]))
    up = fixed(span([row["y"] for row in rows], padding=0.12))
    x = alt.X("x:Q", title="sensitivity (Phi)", scale=across)
    y = alt.Y("y:Q", title="normalized score", scale=up)
    said = tips(
        "m",
        ("k:N", "point"),
        ("x:Q", "sensitivity", ".3f"),
        ("lo:Q", "from", ".3f"),
        ("hi:Q", "to", ".3f"),
        ("y:Q", "score", ".3f"),
    )
    fixed_points, defaults = (rows_of(name, f"datum.k == '{kind}'") for kind in (FIXED, DEFAULTS))
    none = fixed_points.mark_rule(strokeDash=[4, 3], stroke="currentColor", opacity=0.3)
    whisker = rows_of(name, "isValid(datum.lo)").mark_rule(strokeWidth=2)
    filled = fixed_points.mark_point(filled=True, size=80, opacity=1)
    hollow = defaults.mark_point(filled=False, size=80, opacity=1)
    return alt.layer(
        none.encode(x=alt.XDatum(0.0, title="sensitivity (Phi)", scale=across)),
        whisker.encode(x=on(x, "lo"), x2="hi:Q", y=y, color=colour(study)),
        filled.encode(x=x, y=y, **marked(study), tooltip=said),
        hollow.encode(x=x, y=y, **marked(study), tooltip=said),
    )
