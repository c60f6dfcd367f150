"""What charts are put together from: methods by colour, marker and line style, axes, tooltips, lines, bands, levels."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, TypeVar

import altair as alt

from ssc_tune.presentation import colours
from ssc_tune.report.cells import View
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Ramp
from ssc_tune.study.model.space import ChoiceParameter
from ssc_tune.study.model.study import Study

Axis = TypeVar("Axis", alt.X, alt.Y)

ACCURACY = "test accuracy"
_TIPS = {
    "m": ("m:N", "method"),
    "p": ("p:Q", "point"),
    "s": ("s:Q", "seed"),
    "c": ("c:N", "cell"),
    "v": ("v:N", "hyperparameters"),
    "y": ("y:Q", ACCURACY, ".3f"),
    "lo": ("lo:Q", "band from", ".3f"),
    "hi": ("hi:Q", "band to", ".3f"),
}
"""Fields of rows that several figures have, with their titles and formats."""
TITLES = {field: parts[1] for field, parts in _TIPS.items()}
"""What each is called."""


def colour(study: Study) -> alt.Color:
    """Encoding of field ``m`` by the method's colour."""
    return alt.Color("m:N", **by_name(colours.colours(study)))


def marked(study: Study) -> dict[str, Any]:
    """Encodings of field ``m`` by the method's colour and marker."""
    return {"color": colour(study), "shape": alt.Shape("m:N", **by_name(colours.shapes(study)))}


def drawn(study: Study) -> dict[str, Any]:
    """Encodings of field ``m`` by the method's colour and line style."""
    return {"color": colour(study), "strokeDash": alt.StrokeDash("m:N", **by_name(colours.dashes(study)))}


def by_name(chosen: dict[str, Any]) -> dict[str, Any]:
    """The scale from names to what stands for each, with an untitled legend."""
    return {
        "scale": alt.Scale(domain=list(chosen), range=list(chosen.values())),
        "legend": alt.Legend(title=None),
    }


def heat(ramp: Ramp) -> alt.Color:
    """Encoding of field ``v`` on a continuous scale."""
    scale = alt.Scale(scheme="cividis", domain=[ramp.low, ramp.high])
    return alt.Color("v:Q", title=ramp.title, scale=scale, legend=alt.Legend(format=".2f"))


def tips(*fields: str | tuple[str, ...]) -> list[alt.Tooltip]:
    """Tooltips: names of well-known fields, or a field with its title and, for a number, its format."""
    found = (_TIPS[field] if isinstance(field, str) else field for field in fields)
    named: list[dict[str, Any]] = [dict(zip(("shorthand", "title", "format"), parts, strict=False)) for parts in found]
    return [alt.Tooltip(**one) for one in named]


def fixed(domain: Sequence[float], **more: Any) -> alt.Scale:
    """A scale from one end to the other as they are."""
    return alt.Scale(domain=list(domain), zero=False, nice=False, **more)


def span(values: Sequence[float], *, padding: float = 0.04) -> list[float]:
    """An axis over finite values with a margin either side."""
    low, high = min(values), max(values)
    margin = padding * ((high - low) or abs(high) or 1.0)
    return [round(low - margin, 6), round(high + margin, 6)]


def wrapped(text: str) -> list[str]:
    """An axis title in lines that fit the height of a panel."""
    return textwrap.wrap(text, 26, break_on_hyphens=False)


def rows_of(data: str, where: str = "") -> alt.Chart:
    """A chart of named data, or of those of its rows for which an expression holds."""
    chart: alt.Chart = alt.Chart(alt.NamedData(data))
    return chart.transform_filter(where) if where else chart


def on(axis: Axis, field: str) -> Axis:
    """Another field on the same axis: ``lo`` is the lower end of a band, on the axis of what it is a band of."""
    other = axis.copy(deep=True)
    other.shorthand = f"{field}:Q"
    return other


def lines(
    study: Study, data: str, x: alt.X, y: alt.Y, tooltip: Sequence[alt.Tooltip] = (), *, clip: bool = False, **line: Any
) -> list[alt.Chart]:
    """Bands from ``lo`` to ``hi`` where rows have them, and a line each method over them."""
    tip = {"tooltip": list(tooltip)} if tooltip else {}
    band = rows_of(data, "isValid(datum.lo)").mark_area(opacity=0.16, clip=clip)
    middle = rows_of(data).mark_line(strokeWidth=2, clip=clip, **line)
    return [
        band.encode(x=x, y=on(y, "lo"), y2="hi:Q", color=colour(study)),
        middle.encode(x=x, y=y, **drawn(study), **tip),
    ]


def smooth(study: Study, data: str, x: alt.X, y: alt.Y, fields: tuple[str, str], **line: Any) -> alt.Chart:
    """A local regression of the second field on the first, a line a method."""
    across, up = fields
    fitted = rows_of(data, f"isValid(datum.{across}) && isValid(datum.{up})").transform_loess(
        across, up, groupby=["m"], bandwidth=0.7
    )
    chart: alt.Chart = fitted.mark_line(strokeWidth=2, **line).encode(x=x, y=y, **drawn(study))
    return chart


def levels(
    view: View, data: str, name: str, parameter: ChoiceParameter, y: alt.Y, tips: Sequence[alt.Tooltip] = ()
) -> list[alt.Chart]:
    """A bar from ``lo`` to ``hi`` and a short line at ``y``, each row of ``data`` at its position ``x`` in its lane."""
    lane = 0.5 / (len(parameter.choices) * len(view.methods))
    middle = (len(view.methods) - 1) / 2
    base = rows_of(data).transform_calculate(
        w=f"datum.x + (indexof({list(view.methods)!r}, datum.m) - {middle}) * {lane}",
        a=f"datum.w - {lane * 0.35}",
        b=f"datum.w + {lane * 0.35}",
    )
    bar = base.transform_filter("isValid(datum.lo)").mark_rule(strokeWidth=7, opacity=0.25, clip=True)
    at, start = axes.x("w", name, parameter), axes.x("a", name, parameter)
    own = {"tooltip": list(tips)} if tips else {}
    return [
        bar.encode(x=at, y=on(y, "lo"), y2="hi:Q", color=colour(view.study)),
        base.mark_rule(strokeWidth=2.5, clip=True).encode(x=start, x2="b:Q", y=y, color=colour(view.study), **own),
    ]
