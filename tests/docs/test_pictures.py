"""Pictures and links of every page lead somewhere; those of statistics.md are as the script draws them."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import xml.etree.ElementTree as ElementTree
from types import ModuleType

import pytest

from tests.docs.blocks import PAGES, ROOT

_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<path>[^)]+)\)")
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?P<path>[^)#]+)(#[^)]*)?\)")


def script(name: str) -> ModuleType:
    """One of the scripts beside the pages."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pictures() -> ModuleType:
    return script("pictures")


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_pictures_and_links_lead_somewhere(page: object) -> None:
    assert hasattr(page, "read_text")
    text = page.read_text(encoding="utf-8")
    for image in _IMAGE.finditer(text):
        assert len(image["alt"]) > 20, f"{page}: {image['path']} needs a text that says what it shows"
    for found in [*_IMAGE.finditer(text), *_LINK.finditer(text)]:
        if "://" not in found["path"]:
            assert (page.parent / found["path"]).exists(), f"{page}: {found['path']}"


def test_every_statistic_has_its_picture_and_every_picture_its_place(pictures: ModuleType) -> None:
    text = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    shown = re.findall(r"images/statistic_(\w+)\.svg", text)
    assert sorted(shown) == sorted(pictures.PICTURES)


@pytest.mark.parametrize("name", ["std", "transfer"])
def test_stored_pictures_are_as_drawn(pictures: ModuleType, name: str) -> None:
    """The words of the picture, which hold its numbers: how shapes are written may differ between versions."""

    def words(svg: str) -> list[str]:
        return ["".join(e.itertext()) for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("text")]

    stored = (ROOT / "docs" / "images" / f"statistic_{name}.svg").read_text(encoding="utf-8")
    assert words(stored) == words(pictures.svg(name))
    assert "ln(sd of B" in stored or "Phi = 0.25" in stored


def test_the_readmes_picture_is_of_the_published_results(pictures: ModuleType) -> None:
    """Of every cell, at the size at which it is drawn now."""
    study, tables = pictures.main_study()
    assert len(tables.cells) == 330  # as the README says
    assert set(tables.cells["method"]) == set(study.methods)
    stored, drawn = (ROOT / "docs" / "images" / "tau.png").read_bytes(), pictures.against_tau()
    assert stored[:24] == drawn[:24]  # the signature of a PNG, its width and height
    assert "docs/images/tau.png" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_page_of_answers_is_as_the_script_makes_it() -> None:
    module = script("answers")
    page = module.page(module.answers())
    assert page == (ROOT / "docs" / "results" / "README.md").read_text(encoding="utf-8")
    assert all(f"]({path.parent.name}/README.md)" in page for path in module.RESULTS.glob("*/verdicts.csv"))


def test_the_page_of_faults_is_as_the_script_makes_it_and_every_test_of_a_fault_is_on_it() -> None:
    module = script("reliability")
    results = json.loads(module.RESULTS.read_text(encoding="utf-8"))
    assert (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8") == module.page(results)
    marked = {
        f"{path.relative_to(ROOT).as_posix()}::{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any("mark.fault(" in ast.unparse(decorator) for decorator in node.decorator_list)
    }
    assert {row["test"].split("[")[0] for row in results["tests"]} == marked
