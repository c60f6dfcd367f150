"""The levels of a choice: means with their bands, methods side by side within a level."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ssc_tune.report.cells import View
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.encodings import colour, lower
from ssc_tune.study.model.space import ChoiceParameter


def levels(
    view: View, data: str, name: str, parameter: ChoiceParameter, y: alt.Y, tips: Sequence[alt.Tooltip] = ()
) -> list[alt.Chart]:
    """A bar from ``lo`` to ``hi`` and a short line at ``y``, each row of ``data`` at its position ``x`` in its lane."""
    lane = 0.5 / (len(parameter.choices) * len(view.methods))
    middle = (len(view.methods) - 1) / 2
    base = alt.Chart(alt.NamedData(data)).transform_calculate(
        w=f"datum.x + (indexof({list(view.methods)!r}, datum.m) - {middle}) * {lane}",
        a=f"datum.w - {lane * 0.35}",
        b=f"datum.w + {lane * 0.35}",
    )
    bar = base.transform_filter("isValid(datum.lo)").mark_rule(strokeWidth=7, opacity=0.25, clip=True)
    at, start = axes.x("w", name, parameter), axes.x("a", name, parameter)
    own = {"tooltip": list(tips)} if tips else {}
    return [
        bar.encode(x=at, y=lower(y), y2="hi:Q", color=colour(view.study)),
        base.mark_rule(strokeWidth=2.5, clip=True).encode(x=start, x2="b:Q", y=y, color=colour(view.study), **own),
    ]
