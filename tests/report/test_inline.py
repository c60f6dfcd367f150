"""Drawings that stand in the page: small, inert, and with what each mark says."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from ssc_tune.report.figures import Figure, figures
from ssc_tune.report.figures.specification import WIDTH
from tests.making.analyses import case
from tests.making.studies import REPORTED, study
from tests.report.drawn import drawing, page_svg


@pytest.fixture(scope="module")
def made() -> dict[str, Figure]:
    one = case(study(REPORTED, points=16, seeds=2))
    return {figure.name: figure for figure in figures(one.study, one.tables, one.analysis, one.records)}


def _tree(figure: Figure, index: int = 0, name: str = "one") -> ET.Element:
    return ET.fromstring(drawing(figure.panels[index], figure.datasets, name=name).svg)


def _tips(element: ET.Element) -> list[str]:
    return [part.attrib["data-tip"] for part in element.iter() if "data-tip" in part.attrib]


def test_a_mark_says_what_its_row_holds(made: dict[str, Figure]) -> None:
    figure = made["spread"]
    expected = [
        f"method: {row['m']}\npoint: {row['p']}\nhyperparameters: {row['v']}\ntest accuracy: {row['y']:.3f}"
        for row in figure.datasets["spread"]
    ]
    names = {"lo": "lowest", "q1": "lower quartile", "q2": "median", "q3": "upper quartile", "hi": "highest"}
    expected += [
        "\n".join([f"method: {box['m']}", *(f"{name}: {box[key]:.3f}" for key, name in names.items())])
        for box in figure.datasets["boxes"]
    ]
    assert sorted(_tips(_tree(figure))) == sorted(expected)


def test_a_field_that_a_row_lacks_is_left_out(made: dict[str, Figure]) -> None:
    figure = made["training"]
    rows = [{**row, "lo": None} if row["x"] == 200 else row for row in figure.datasets["training-validation_accuracy"]]
    svg = drawing(figure.panels[0], {"training-validation_accuracy": rows}, name="one").svg
    last = [tip for tip in _tips(ET.fromstring(svg)) if "step: 200" in tip]
    assert len(last) == 2
    assert all("band from" not in tip and "band to" in tip for tip in last)


def test_lines_and_areas_say_nothing_and_their_points_do(made: dict[str, Figure]) -> None:
    tree = _tree(made["budget"])
    joined = [g for g in tree.iter("g") if g.get("class", "").startswith(("mark-line", "mark-area"))]
    assert len(joined) == 4
    assert not [tip for group in joined for tip in _tips(group)]
    rows = made["budget"].datasets["budget-0"]
    assert len(_tips(tree)) == len(rows) == 32
    assert f"method: ssc\nnumber of points tried: {rows[-1]['t']}\n" in _tips(tree)[-1] + "\n"


def test_marks_stand_where_the_renderer_put_them(made: dict[str, Figure]) -> None:
    figure = made["pseudo-labels"]

    def places(svg: str) -> list[float]:
        return [float(n) for pair in re.findall(r'translate\(([^)]*)\)" d="', svg) for n in pair.split(",")]

    exact = places(page_svg(figure.panels[0], figure.datasets, name="one"))
    shown = places(drawing(figure.panels[0], figure.datasets, name="one").svg)
    assert len(exact) > 60
    assert shown == pytest.approx(exact, abs=0.0051)
    assert shown != exact


def test_a_drawing_has_the_size_that_its_place_is_kept_for(made: dict[str, Figure]) -> None:
    for figure in made.values():
        for panel in figure.panels:
            drawn = drawing(panel, figure.datasets, name="one")
            assert (drawn.width, drawn.height) == (WIDTH, panel.height)
            assert f'viewBox="0 0 {WIDTH} {panel.height}"' in drawn.svg


def test_names_in_a_drawing_begin_with_its_own(made: dict[str, Figure]) -> None:
    drawn = drawing(made["parameters"].panels[0], made["parameters"].datasets, name="here")
    names = re.findall(r'\bid="([^"]*)"', drawn.svg)
    assert names
    assert all(name.startswith("here-") for name in names)
    assert set(re.findall(r"url\(#([^)]*)\)", drawn.svg)) <= set(names)
    assert drawn == drawing(made["parameters"].panels[0], made["parameters"].datasets, name="here")


def test_what_users_wrote_is_text_in_a_drawing() -> None:
    hostile = '</svg><script>alert(1)</script><img src=x onerror="alert(2)">'
    space: dict[str, Any] = {
        "kind": {"type": "choice", "default": hostile, "choices": [hostile, 'b" onload="c', "&lt;"]}
    }
    blocks = {"own": {"parameters": ["kind"], "methods": ["ssc", "supervised"]}}
    one = case(
        study(REPORTED, methods=["ssc", "supervised"], claims=[], blocks=blocks, search_space={"parameters": space})
    )
    figure = next(figures(one.study, one.tables, one.analysis))
    svg = drawing(figure.panels[0], figure.datasets, name="one").svg
    assert "<script" not in svg
    assert "<img" not in svg
    tree = ET.fromstring(svg)
    assert {element.tag for element in tree.iter()} <= {
        "svg",
        "g",
        "path",
        "line",
        "text",
        "tspan",
        "rect",
        "defs",
        "clipPath",
    }
    assert not [key for element in tree.iter() for key in element.attrib if key.startswith("on")]
    told = {line for tip in _tips(tree) for line in tip.split("\n") if line.startswith("hyperparameters")}
    assert told == {f"hyperparameters: kind {choice}" for choice in space["kind"]["choices"]}
