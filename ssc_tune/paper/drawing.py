"""A figure as one drawing of an exact width, its letters inside."""

from __future__ import annotations

import copy
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any, NamedTuple

import vl_convert

from ssc_tune.paper import fonts, legend
from ssc_tune.paper.layout import GAP, INCH, SCALE, Layout, layout, rows
from ssc_tune.report.drawers import Job, draw
from ssc_tune.report.figures.base import CONFIG, INK, Figure, Panel
from ssc_tune.report.figures.inline import Drawing, inline
from ssc_tune.report.figures.specification import page, parts
from ssc_tune.study.model.study import Study

_SVG = "http://www.w3.org/2000/svg"
_TITLE = 12
_BESIDE, _BELOW = 55, 45
"""What an axis takes of the room for the title of the other."""
_NAMES = re.compile(rb"(?:^ +/[a-z]+\d+ \d+ 0 R\n)+", re.MULTILINE)
_MARGIN = 3
"""Below everything."""
_PNG = 300
"""Dots to an inch."""
_WHOLE = 1 + 1e-6
"""By which they are raised: the renderer cuts a width to whole dots."""


class Picture(NamedTuple):
    """One figure at one width."""

    svg: str
    pdf: bytes
    png: bytes
    width: float  # inches
    height: float


def picture(study: Study, figure: Figure, width: str) -> Picture:
    """The figure, without its title, at a width of :data:`ssc_tune.paper.layout.WIDTHS`."""
    fonts.register()
    found = layout(figure, width)
    specified = [specification(panel, figure.datasets, found.panel) for panel in figure.panels]
    drawn = [inline(draw(Job(one, f"{figure.name}-{i}-part"))) for i, one in enumerate(specified)]
    root, height = _composed(study, figure, found, drawn)
    points = (found.inches * INCH, height * SCALE)
    bare = _text(root, *(f"{value:g}" for value in points))
    return Picture(
        _text(_with_fonts(root), *(f"{value / INCH:g}in" for value in points)),
        _pdf(bare),
        vl_convert.svg_to_png(bare, ppi=_PNG * _WHOLE),
        found.inches,
        points[1] / INCH,
    )


def specification(panel: Panel, datasets: Mapping[str, Any], width: float) -> dict[str, Any]:
    """A panel as on the page, without tooltips, with its name where no axis says it."""
    whole = copy.deepcopy(page(panel, datasets))
    room = {"x": width - _BESIDE, "y": panel.height - _BELOW}
    axes = [(axis, channel) for part in parts(whole) for channel in room for axis in _axes(part, channel)]
    said = {axis["title"] for axis, _ in axes}
    for axis, channel in axes:
        axis["title"] = _wrapped(axis["title"], room[channel])
    lines = [] if panel.title in said else _wrapped(panel.title, width)
    if lines:
        whole["title"] = {"text": lines, "fontSize": _TITLE, "anchor": "start", "offset": 8}
    config = {**CONFIG, "font": fonts.FAMILY, "aria": False, "mark": {"aria": False}}
    return {**whole, "width": width, "height": panel.height + 14 * len(lines), "padding": 1, "config": config}


def _axes(part: dict[str, Any], channel: str) -> list[dict[str, Any]]:
    """What holds the title of an axis: the channel, or the axis that it names."""
    found = part.get("encoding", {}).get(channel)
    both = (found, found.get("axis")) if isinstance(found, dict) else ()
    return [one for one in both if isinstance(one, dict) and isinstance(one.get("title"), str)]


def _wrapped(text: str, room: float) -> list[str]:
    """A title in lines as long as there is room for; a word that is longer stays whole."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and fonts.width(longer, _TITLE) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _composed(study: Study, figure: Figure, found: Layout, drawn: list[Drawing]) -> tuple[ET.Element, float]:
    """The key and the panels on white; and the height, both in units."""
    key = legend.ramp(figure.ramp) if figure.ramp else legend.methods(study, figure.methods, found.width)
    sized = [one._replace(height=one.height * found.panel / one.width) for one in drawn]
    tops, y = list[float](), key.height + (GAP / 3 if key.height else 0.0)
    for row in rows(figure, found.columns):
        tops.append(y)
        y += max(sized[i].height for i in row) + GAP
    height = math.ceil((y - GAP + _MARGIN) * SCALE) / SCALE  # whole points
    root = ET.Element("svg", {"viewBox": f"0 0 {found.width:g} {height:g}", "font-family": fonts.FAMILY, "color": INK})
    ET.SubElement(root, "rect", width=f"{found.width:g}", height=f"{height:g}", fill="#ffffff")
    root.extend(key.parts)
    for index, (one, size) in enumerate(zip(drawn, sized, strict=True)):
        place, column = divmod(index, found.columns)
        part = ET.fromstring(one.svg)
        part.attrib.pop("class", None)
        for element in part.iter():
            element.attrib.pop("font-weight", None)
        x = column * (found.panel + GAP)
        part.attrib.update(
            x=f"{x:.2f}", y=f"{tops[place]:.2f}", width=f"{found.panel:.2f}", height=f"{size.height:.2f}"
        )
        root.append(part)
    return root, height


def _with_fonts(root: ET.Element) -> ET.Element:
    whole = copy.deepcopy(root)
    sheet = ET.Element("style")
    texts = (element for element in whole.iter() if element.tag.rpartition("}")[2] == "text")
    sheet.text = fonts.style(letter for element in texts for letter in "".join(element.itertext()))
    whole.insert(0, sheet)
    return whole


def _pdf(bare: str) -> bytes:
    """One page; names of what is on it are in order, which the renderer leaves to chance."""
    drawn: bytes = vl_convert.svg_to_pdf(bare)
    return _NAMES.sub(lambda found: b"".join(sorted(found[0].splitlines(keepends=True))), drawn)


def _text(root: ET.Element, width: str, height: str) -> str:
    sized = copy.copy(root)
    sized.attrib = {"width": width, "height": height, **root.attrib}
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", ET.tostring(sized, encoding="unicode"))
    return text.replace("<svg", f'<svg xmlns="{_SVG}"', 1) + "\n"
