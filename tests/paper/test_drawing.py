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
from ssc_tune.report.figures import figures
from ssc_tune.report.figures.base import Figure
from ssc_tune.study.model.study import Study
from tests.making.analyses import case

INCHES = {"column": 3.25, "page": 6.75}
CASES = [("parameters", "page"), ("interactions", "column"), ("budget", "page"), ("budget", "column")]
"""Of several panels and methods; of more panels than a column holds, with a scale of colours; of one panel."""
Drawn = dict[tuple[str, str], Picture]


@pytest.fixture(scope="module")
def made() -> tuple[Study, dict[str, Figure]]:
    given = case()
    found = figures(given.study, given.tables, given.analysis, given.records)
    return given.study, {figure.name: figure for figure in found}


@pytest.fixture(scope="module")
def drawn(made: tuple[Study, dict[str, Figure]]) -> Drawn:
    study, found = made
    return {(name, width): picture(study, found[name], width) for name, width in CASES}


def texts(element: ET.Element, weight: str = "normal") -> Iterator[tuple[str, str, float]]:
    """Every text of a drawing with its face and its size in points, however deep it stands."""
    weight = fonts.weight_of(element.get("font-weight")) if element.get("font-weight") else weight
    if element.tag.endswith("}text") and "".join(element.itertext()):
        size = float(element.get("font-size", "0").removesuffix("px"))
        yield "".join(element.itertext()), weight, size * SCALE
    for child in element:
        yield from texts(child, weight)


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
    assert set(re.findall(rb"/BaseFont /[A-Z]{6}\+(\S+)", made.pdf)) <= {b"DejaVuSans", b"DejaVuSans-Bold"}
    assert made.pdf.count(b"/FontFile") == len(set(re.findall(rb"/FontName /(\S+)", made.pdf))) > 0
    root = ET.fromstring(made.svg)
    faces = {
        weight: set(TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap())
        for weight, data in re.findall(r"font-weight:(\w+);src:url\(data:font/woff;base64,([^)]+)\)", made.svg)
    }
    said = list(texts(root))
    assert len(said) > 5
    for text, weight, size in said:
        assert {ord(letter) for letter in text} <= faces[weight], text
        assert size >= 7  # points; less is not read in print
    assert {e.get("font-family") for e in root.iter()} == {None, fonts.FAMILY}
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", made.svg)


@pytest.mark.parametrize(("name", "width"), CASES)
def test_there_is_a_key_and_no_title(
    made: tuple[Study, dict[str, Figure]], drawn: Drawn, name: str, width: str
) -> None:
    figure = made[1][name]
    said = [text for text, _, _ in texts(ET.fromstring(drawn[name, width].svg))]
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
    assert fonts.width("fixmatch", 11, "bold") > fonts.width("fixmatch", 11)
    font = TTFont(fonts.folder() / fonts.FACES["normal"])
    names = [font.getBestCmap()[ord(letter)] for letter in "tau"]
    assert fonts.width("tau", 2048) == sum(font["hmtx"][name][0] for name in names)


@pytest.mark.parametrize(
    ("text", "face"),
    [(None, "normal"), ("normal", "normal"), ("500", "normal"), ("600", "bold"), ("bold", "bold"), ("700", "bold")],
)
def test_weights_are_those_of_the_faces(text: str | None, face: str) -> None:
    assert fonts.weight_of(text) == face
