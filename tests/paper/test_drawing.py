"""Figures are as wide as a journal asks for, with their letters inside and without a title."""

from __future__ import annotations

import base64
import io
import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from fontTools.ttLib import TTFont

from ssc_tune.paper import fonts
from ssc_tune.paper.drawing import Picture, picture, specification
from ssc_tune.paper.layout import INCH, SCALE, TALLEST, WIDTHS, layout
from ssc_tune.presentation.colours import CIVIDIS
from ssc_tune.report.drawers import Job, draw
from ssc_tune.report.figures import figures
from ssc_tune.report.figures.base import Figure, Ramp
from ssc_tune.report.figures.encodings import heat
from ssc_tune.study.model.study import Study
from tests.making.analyses import case

INCHES = {"column": 3.25, "page": 6.75}
CASES = [("parameters", "page"), ("interactions", "column"), ("budget", "page"), ("budget", "column")]
"""Of several panels and methods; of more panels than a column holds, with a scale of colours; of one panel."""
Drawn = dict[tuple[str, str], Picture]


@pytest.fixture(scope="module")
def made() -> tuple[Study, dict[str, Figure]]:
    given = case()
    found = list(figures(given.study, given.tables, given.analysis, given.records))
    return given.study, {figure.name: figure for figure in found}


@pytest.fixture(scope="module")
def drawn(made: tuple[Study, dict[str, Figure]]) -> Drawn:
    study, found = made
    return {(name, width): picture(study, found[name], width) for name, width in CASES}


def texts(svg: str) -> Iterator[tuple[str, float]]:
    """Every text of a drawing with its size in points."""
    for element in ET.fromstring(svg).iter():
        if element.tag.endswith("}text") and "".join(element.itertext()):
            yield "".join(element.itertext()), float(element.get("font-size", "0").removesuffix("px")) * SCALE


@pytest.mark.parametrize(("name", "width"), CASES)
def test_sizes_are_those_of_a_column_and_of_a_page(drawn: Drawn, name: str, width: str) -> None:
    """In the units of each format: points of a PDF, inches of an SVG, dots of a PNG."""
    made, inches = drawn[name, width], INCHES[width]
    found = re.search(rb"/MediaBox\s*\[\s*([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+)\s*\]", made.pdf)
    assert found is not None
    box = [float(number) for number in found.groups()]
    assert box[:3] == [0, 0, inches * 72]
    root = ET.fromstring(made.svg)
    assert root.get("width") == f"{inches}in"
    height = float(root.get("height", "").removesuffix("in"))
    assert height * 72 == pytest.approx(box[3], abs=1e-3)
    view = [float(number) for number in root.get("viewBox", "").split()]
    assert view[2] / view[3] == pytest.approx(inches / height, rel=1e-4)
    dots = struct.unpack(">II", made.png[16:24])
    assert dots[0] == inches * 300
    assert abs(dots[1] - height * 300) < 1
    place = made.png.index(b"pHYs")
    assert struct.unpack(">IIB", made.png[place + 4 : place + 13]) == (11811, 11811, 1)  # 300 dots to an inch


@pytest.mark.parametrize(("name", "width"), CASES)
def test_every_letter_is_in_a_font_inside(drawn: Drawn, name: str, width: str) -> None:
    made = drawn[name, width]
    assert set(re.findall(rb"/BaseFont /[A-Z]{6}\+(\S+)", made.pdf)) == {b"DejaVuSans"}
    assert made.pdf.count(b"/FontFile2") == 1
    held = re.search(r"src:url\(data:font/woff;base64,([^)]+)\)", made.svg)
    assert held is not None
    letters = set(TTFont(io.BytesIO(base64.b64decode(held[1]))).getBestCmap())
    said = list(texts(made.svg))
    assert len(said) > 5
    assert letters == {ord(letter) for text, _ in said for letter in text}
    assert min(size for _, size in said) >= 7  # points; less is not read in print
    root = ET.fromstring(made.svg)
    assert {e.get("font-family") for e in root.iter()} == {None, fonts.FAMILY}
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", made.svg)


@pytest.mark.parametrize(("name", "width"), CASES)
def test_there_is_a_key_and_no_title(
    made: tuple[Study, dict[str, Figure]], drawn: Drawn, name: str, width: str
) -> None:
    figure = made[1][name]
    said = [text for text, _ in texts(drawn[name, width].svg)]
    assert figure.title not in " ".join(said)
    for method in figure.methods:
        assert method in said
    if figure.ramp is not None:
        assert figure.ramp.title in said


@pytest.mark.parametrize("width", INCHES)
def test_a_figure_is_no_taller_than_a_page_and_its_words_fit_their_panels(
    made: tuple[Study, dict[str, Figure]], drawn: Drawn, width: str
) -> None:
    _, found = made
    assert all(one.height <= TALLEST * SCALE / INCH + 0.5 for one in drawn.values())  # with the key
    for figure in found.values():
        place = layout(figure, width)
        assert place.columns * place.panel <= WIDTHS[width] * INCH / SCALE
        for panel in figure.panels:
            lines = list(_lines(specification(panel, figure.datasets, place.panel)))
            assert lines
            for line in lines:
                assert " " not in line or fonts.width(line, 12) <= max(place.panel, panel.height), (figure.name, line)


def _lines(part: object) -> Iterator[str]:
    """Lines of every title in a specification."""
    for key, value in part.items() if isinstance(part, dict) else ():
        if key == "title" and isinstance(value, list):
            yield from value
        yield from _lines(value)
    for value in part if isinstance(part, list) else ():
        yield from _lines(value)


def test_letters_are_as_wide_as_the_renderer_takes_them_for() -> None:
    """A key's entries would run into one another, else."""
    assert fonts.width("", 11) == 0
    assert fonts.width("ssc", 22) == pytest.approx(2 * fonts.width("ssc", 11))
    font = TTFont(fonts.folder() / fonts.FILE)
    names = [font.getBestCmap()[ord(letter)] for letter in "tau"]
    assert fonts.width("tau", 2048) == sum(font["hmtx"][name][0] for name in names)


def test_equal_figures_are_equal_files(made: tuple[Study, dict[str, Figure]], drawn: Drawn) -> None:
    """The renderer itself orders what is on a page of a PDF as chance has it."""
    study, found = made
    assert picture(study, found["budget"], "page") == drawn["budget", "page"]
    assert len({picture(study, found["budget"], "column").pdf for _ in range(3)}) == 1


def test_the_key_of_a_scale_has_the_colours_of_the_bins() -> None:
    """The renderer's own, at the same places."""
    steps = len(CIVIDIS)
    spec = {
        "data": {"values": [{"x": i, "v": i / (steps - 1)} for i in range(steps)]},
        "mark": "rect",
        "encoding": {
            "x": {"field": "x", "type": "ordinal"},
            "color": {**heat(Ramp("v", 0.0, 1.0)).to_dict(), "legend": None},
        },
    }
    drawn = re.findall(r'fill="rgb\((\d+), (\d+), (\d+)\)"', draw(Job(spec, "p")))
    assert len(drawn) == steps
    for colour, channels in zip(CIVIDIS, drawn, strict=True):
        ours = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert max(abs(a - int(b)) for a, b in zip(ours, channels, strict=True)) <= 1, colour
