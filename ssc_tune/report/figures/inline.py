"""A panel as SVG that stands in the page: small, of known elements only, its tooltips as ``data-tip``.

A browser shows it as it parses the page, without a script and on paper too.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import NamedTuple

_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = {"svg", "g", "path", "line", "rect", "text", "tspan", "defs", "clipPath", "linearGradient", "stop"}
_GEOMETRY = {"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height"}
_DROPPED = {
    "aria-hidden", "aria-label", "aria-roledescription", "font-family", "pointer-events", "role", "stroke-miterlimit",
    "version",
}  # fmt: skip
"""What the page says by itself: the box of the drawing has its role and its words, the style sheet its letters."""

_OPAQUE = ("opacity", "1")
_LONG = re.compile(r"-?\d*\.\d{3,}(?:e-?\d+)?")
_JOINED = ("mark-line", "mark-area")


class Drawing(NamedTuple):
    """A drawing and its size where its letters have theirs."""

    svg: str
    width: float
    height: float


def inline(drawn: str) -> Drawing:
    """What was drawn of a panel, as it stands in the page."""
    root = ET.fromstring(drawn)
    width, height = float(root.attrib.pop("width")), float(root.attrib.pop("height"))
    _clean(root, joined=False)
    return Drawing(ET.tostring(root, encoding="unicode"), width, height)


def _clean(element: ET.Element, *, joined: bool) -> None:
    """Takes away what does not show, and the words of a line or an area: they would be those of its first row."""
    element.tag = element.tag.removeprefix(_SVG)
    assert element.tag in _ELEMENTS, element.tag
    joined = joined or element.get("class", "").startswith(_JOINED)
    said = element.get("aria-label", "")
    kept = [(key, value) for key, value in element.items() if key not in _DROPPED and (key, value) != _OPAQUE]
    element.attrib.clear()
    element.attrib.update({key: _LONG.sub(_rounded, value) if key in _GEOMETRY else value for key, value in kept})
    if said.startswith("\n") and not joined:  # as a tip begins; the library's own descriptions do not
        element.set("data-tip", said[1:])
    for child in list(element):
        _clean(child, joined=joined)
        if _invisible(child):
            element.remove(child)


def _invisible(element: ET.Element) -> bool:
    """A group without content, or the paper or the frame of one without ink."""
    if element.tag == "g":
        return len(element) == 0
    frame = element.get("class") in ("background", "foreground")
    return element.tag == "path" and (
        element.get("d") == "" or (frame and not {"fill", "stroke"} & set(element.keys()))
    )


def _rounded(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
