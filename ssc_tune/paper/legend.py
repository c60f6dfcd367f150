"""The key above a figure's panels: methods by colour, marker and line style, or the ends of a scale of colours."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import NamedTuple

from ssc_tune.paper import fonts
from ssc_tune.paper.layout import LEGEND_ROW
from ssc_tune.presentation import colours
from ssc_tune.presentation.numbers import number
from ssc_tune.report.figures.base import INK, Ramp
from ssc_tune.study.model.study import Study

SIZE = 11.0
_SAMPLE, _SPACE, _BETWEEN = 26.0, 6.0, 18.0
_BAR, _HIGH = 90.0, 9.0
_MARKERS = {
    "circle": "M4,0A4,4,0,1,1,-4,0A4,4,0,1,1,4,0Z",
    "square": "M-3.5,-3.5H3.5V3.5H-3.5Z",
    "triangle-up": "M0,-4.5L4.5,3.5H-4.5Z",
    "diamond": "M0,-5L4,0L0,5L-4,0Z",
    "cross": "M-4.5,-1.5H-1.5V-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5Z",
    "triangle-down": "M0,4.5L4.5,-3.5H-4.5Z",
    "triangle-right": "M4.5,0L-3.5,4.5V-4.5Z",
}


class Legend(NamedTuple):
    """A drawing of its own, as wide as the figure."""

    parts: list[ET.Element]
    height: float


def methods(study: Study, names: Sequence[str], width: float) -> Legend:
    """One entry a method, in as many rows as the width asks for."""
    ink, marker, dash = colours.colours(study), colours.shapes(study), colours.dashes(study)
    parts: list[ET.Element] = []
    x, row = 0.0, 0
    for name in names:
        wide = _SAMPLE + _SPACE + fonts.width(name, SIZE)
        if x and x + wide > width:
            x, row = 0.0, row + 1
        entry = ET.Element("g", transform=f"translate({x:g},{row * LEGEND_ROW + LEGEND_ROW / 2:g})")
        line = {"x1": "0", "x2": f"{_SAMPLE:g}", "stroke": ink[name], "stroke-width": "2"}
        ET.SubElement(entry, "line", {**line, "stroke-dasharray": ",".join(map(str, dash[name]))})
        ET.SubElement(
            entry, "path", d=_MARKERS[marker[name]], fill=ink[name], transform=f"translate({_SAMPLE / 2:g},0)"
        )
        entry.append(_text(name, _SAMPLE + _SPACE))
        parts.append(entry)
        x += wide + _BETWEEN
    return Legend(parts, (row + 1) * LEGEND_ROW if names else 0.0)


def ramp(scale: Ramp) -> Legend:
    """The title, and a bar between the two ends."""
    low, high = number(scale.low, 2), number(scale.high, 2)
    entry = ET.Element("g", transform=f"translate(0,{LEGEND_ROW / 2:g})")
    gradient = ET.SubElement(ET.SubElement(entry, "defs"), "linearGradient", id="ramp")
    for step, colour in enumerate(colours.CIVIDIS):
        ET.SubElement(gradient, "stop", {"offset": f"{step / (len(colours.CIVIDIS) - 1):.4f}", "stop-color": colour})
    x = 0.0
    for text, after in ((scale.title, 2 * _SPACE), (low, _SPACE)):
        entry.append(_text(text, x))
        x += fonts.width(text, SIZE) + after
    bar = {"x": f"{x:.2f}", "y": f"{-_HIGH / 2:g}", "width": f"{_BAR:g}", "height": f"{_HIGH:g}", "fill": "url(#ramp)"}
    ET.SubElement(entry, "rect", bar)
    entry.append(_text(high, x + _BAR + _SPACE))
    return Legend([entry], LEGEND_ROW)


def _text(text: str, x: float) -> ET.Element:
    found = ET.Element("text", {"x": f"{x:.2f}", "y": "4", "font-size": f"{SIZE:g}px", "fill": INK})
    found.text = text
    return found
