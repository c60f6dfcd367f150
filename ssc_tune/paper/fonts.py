"""The letters of figures: DejaVu Sans, which the page names and matplotlib ships, cut to what is used."""

from __future__ import annotations

import base64
import importlib.util
import io
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import vl_convert
from fontTools import subset
from fontTools.ttLib import TTFont

FAMILY = "DejaVu Sans"
FILE = "DejaVuSans.ttf"
"""One face for everything: the renderer orders several as chance has it, and equal figures would differ."""


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


def width(text: str, size: float) -> float:
    """How wide a text is at a size, by the font's own advances."""
    glyphs, advances, em = _metrics()
    return sum(advances[glyphs.get(ord(letter), ".notdef")][0] for letter in text) * size / em


@cache
def _metrics() -> tuple[Mapping[int, str], Mapping[str, tuple[int, int]], int]:
    font = TTFont(folder() / FILE)
    return font.getBestCmap(), font["hmtx"].metrics, font["head"].unitsPerEm


def style(letters: Iterable[str]) -> str:
    """A style sheet with the font inside, cut to these letters."""
    return (
        f"@font-face{{font-family:'{FAMILY}';"
        f"src:url(data:font/woff;base64,{_cut(''.join(sorted(set(letters))))}) format('woff')}}"
    )


def _cut(text: str) -> str:
    options = subset.Options(flavor="woff", notdef_outline=True)
    options.drop_tables += ["FFTM", "GDEF", "GPOS", "GSUB", "MATH"]
    font = TTFont(folder() / FILE, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(text=text)
    cutter.subset(font)
    font.flavor = "woff"
    held = io.BytesIO()
    font.save(held)
    return base64.b64encode(held.getvalue()).decode()
