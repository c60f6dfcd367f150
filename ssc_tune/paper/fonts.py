"""The letters of figures: DejaVu Sans, which the page names and matplotlib ships, cut to what is used."""

from __future__ import annotations

import base64
import importlib.util
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import vl_convert
from fontTools import subset
from fontTools.ttLib import TTFont

FAMILY = "DejaVu Sans"
FACES = {"normal": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf"}
"""Files by weight."""
_BOLD = 600
"""Numeric weights from here on are drawn bold."""


@cache
def folder() -> Path:
    """Where matplotlib keeps the files; it is not loaded for that."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"


@cache
def register() -> None:
    """Lets the renderer find them, on a machine without them too."""
    vl_convert.register_font_directory(str(folder()))


def weight_of(text: str | None) -> str:
    """The face that a weight in a drawing means."""
    if text is None or not text.isdigit():
        return "bold" if text in ("bold", "bolder") else "normal"
    return "bold" if int(text) >= _BOLD else "normal"


def width(text: str, size: float, weight: str = "normal") -> float:
    """How wide a text is at a size, by the font's own advances."""
    glyphs, advances, em = _metrics(weight)
    return sum(advances[glyphs.get(ord(letter), ".notdef")][0] for letter in text) * size / em


@cache
def _metrics(weight: str) -> tuple[Mapping[int, str], Mapping[str, tuple[int, int]], int]:
    font = TTFont(folder() / FACES[weight])
    return font.getBestCmap(), font["hmtx"].metrics, font["head"].unitsPerEm


def style(letters: Mapping[str, set[str]]) -> str:
    """A style sheet with the faces inside, each cut to the letters that a drawing has in it."""
    rules = [
        f"@font-face{{font-family:'{FAMILY}';font-weight:{weight};"
        f"src:url(data:font/woff;base64,{_cut(weight, ''.join(sorted(used)))}) format('woff')}}"
        for weight, used in sorted(letters.items())
    ]
    return "".join(rules)


def _cut(weight: str, text: str) -> str:
    options = subset.Options(flavor="woff", notdef_outline=True)
    options.drop_tables += ["FFTM", "GDEF", "GPOS", "GSUB", "MATH"]
    font = TTFont(folder() / FACES[weight], recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(text=text)
    cutter.subset(font)
    font.flavor = "woff"
    held = io.BytesIO()
    font.save(held)
    return base64.b64encode(held.getvalue()).decode()
