"""The files of a report."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from ssc_tune import report
from ssc_tune.analysis.result import Estimate, StudyAnalysis
from ssc_tune.presentation.csvs import results_csv, summary_csv, verdicts_csv
from ssc_tune.presentation.numbers import number
from tests.making.analyses import Case, case
from tests.making.studies import REPORTED, study
from tests.report.written import GIVEN, write


def _made() -> Case:
    made = case(num_failed=2)
    facts: dict[str, object] = {"surrogate": [{"method": "ssc", "r2": 0.5}]}
    return made._replace(analysis=made.analysis.model_copy(update={"facts": facts}))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Path]:
    made, directory = _made(), tmp_path_factory.mktemp("plain")
    write(made, directory)
    return made, directory


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of equal input, and with figures as PNG."""
    directory = tmp_path_factory.mktemp("again")
    write(_made(), directory, png=True)
    return directory


def _files(directory: Path) -> set[Path]:
    return {path.relative_to(directory) for path in directory.rglob("*") if path.is_file()}


class Outline(HTMLParser):
    """Elements, headings and what would be fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.identifiers: list[str] = []
        self.links: list[str] = []
        self.scripts = 0
        self.handlers: list[str] = []
        self.sections: list[str] = []
        self.navigation: list[str] = []
        self._in_navigation = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects what the tests look at."""
        given = dict(attrs)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.scripts += tag == "script" and given.get("type") != "application/json"  # which no browser runs
        self.identifiers += [given["id"] or ""] if "id" in given else []
        self.links += [value for key, value in attrs if key in ("src", "href") and value]
        self.handlers += [key for key, _ in attrs if key.startswith("on")]
        self._in_navigation |= tag == "nav"
        self.navigation += [(given["href"] or "")[1:]] if self._in_navigation and tag == "a" else []
        self.sections += [given["id"] or ""] if tag in ("section", "figure") and "id" in given else []

    def handle_endtag(self, tag: str) -> None:
        """Ends the navigation."""
        self._in_navigation &= tag != "nav"


def test_every_file_is_there_and_named(plain: tuple[Case, Path]) -> None:
    _, directory = plain
    names = {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
    tables = {"results.csv", "summary.csv", "verdicts.csv", "analysis.json", "report.md", "report.html"}
    assert {name for name in names if "/" not in name} == tables
    pictures = {name for name in names if "/" in name}
    assert len(pictures) == 10
    assert {Path(name).suffix for name in pictures} == {".svg"}


def test_its_tables_are_those_of_the_analysis(plain: tuple[Case, Path]) -> None:
    made, directory = plain
    tables = {
        "results": results_csv(made.study, made.tables),
        "summary": summary_csv(made.analysis),
        "verdicts": verdicts_csv(made.analysis),
    }
    assert {name: (directory / f"{name}.csv").read_bytes() for name in tables} == {
        name: text.encode() for name, text in tables.items()
    }


def test_figures_as_png_where_they_are_asked_for(again: Path) -> None:
    names = [path for path in _files(again) if path.suffix == ".svg"]
    assert len(names) == 10
    for name in names:
        assert (again / name).with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_equal_input_gives_identical_bytes(plain: tuple[Case, Path], again: Path) -> None:
    _, directory = plain
    without_png = {path for path in _files(again) if path.suffix != ".png"}
    assert without_png == _files(directory)
    for path in without_png:
        assert (again / path).read_bytes() == (directory / path).read_bytes(), path


def test_the_analysis_reads_back(plain: tuple[Case, Path]) -> None:
    made, directory = plain
    content = json.loads((directory / "analysis.json").read_text())
    assert StudyAnalysis.model_validate(content) == made.analysis


def _cells(line: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", text.strip()) for text in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def test_numbers_of_the_markdown_are_those_of_the_analysis(plain: tuple[Case, Path]) -> None:
    made, directory = plain
    lines = (directory / "report.md").read_text().splitlines()
    rows = {cells[0]: cells[1:] for line in lines if line.startswith("|") and len(cells := _cells(line)) > 2}

    def shown(estimate: Estimate, digits: int) -> str:
        return f"{estimate.value:.{digits}f} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"

    for column, summary in enumerate(made.analysis.summaries):
        assert rows["Mean"][column] == shown(summary.mean, 3)
        assert rows["CVaR10"][column] == shown(summary.cvar, 3)
        assert rows["Standard deviation"][column] == shown(summary.std, 4)
        assert rows["Interquartile range"][column] == shown(summary.iqr, 4)
        assert rows["Default's regret"][column] == "undefined (too few seeds)"
        for name, score in (("Best", summary.best), ("Worst", summary.worst), ("Default", summary.default)):
            assert score is not None
            assert rows[f"{name} point"][column] == f"{score.test:.3f} (point {score.point})"
    for verdict in made.analysis.verdicts:
        heading = next(i for i, line in enumerate(lines) if line.startswith("###") and verdict.claim.name in line)
        assert verdict.verdict in lines[heading]
        value = number(verdict.effect.value) if verdict.ratio is None else f"{math.exp(verdict.effect.value):.2f}"
        signed = f"+{value}" if verdict.ratio is None and verdict.effect.value > 0 else value
        assert f"= {signed} " in re.sub(r"\\(.)", r"\1", "\n".join(lines[heading : heading + 9]))


def test_html_holds_the_same_numbers(plain: tuple[Case, Path]) -> None:
    made, directory = plain
    text = (directory / "report.html").read_text()
    for summary in made.analysis.summaries:
        assert f"<td>{summary.std.value:.4f} [{summary.std.low:.4f}, {summary.std.high:.4f}]</td>" in text
    assert text.count('<article class="card') == 3
    assert "post hoc" in text
    assert GIVEN["command"] in text
    assert "0.8312" in text


def test_headings_are_in_order_and_nothing_is_fetched(plain: tuple[Case, Path]) -> None:
    _, directory = plain
    outline = Outline((directory / "report.html").read_text())
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(set(outline.identifiers)) == len(outline.identifiers)
    assert outline.links
    assert all(link.startswith("#") or link == "data:," for link in outline.links)
    anchors = {link[1:] for link in outline.links if link.startswith("#")}
    assert anchors <= set(outline.identifiers)


def test_the_navigation_has_every_section_and_nothing_else(plain: tuple[Case, Path], in_blocks: Path) -> None:
    one = Outline((plain[1] / "report.html").read_text())
    assert one.navigation == one.sections
    named = {"verdicts", "warnings", "measures", "parameters", "further", "failed", "ranges", "repeat", "versions"}
    assert named < set(one.sections)
    two = Outline(in_blocks.read_text())
    assert sorted(two.navigation) == sorted(two.sections)
    assert not {"further", "failed"} & set(two.sections)
    assert {"parameters-shared", "parameters-own"} < set(two.sections)


def test_the_page_lets_only_its_own_script_run(plain: tuple[Case, Path]) -> None:
    _, directory = plain
    text = (directory / "report.html").read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert f"script-src 'sha256-{digest}';" in policy[1]
    assert "unsafe-eval" not in policy[1]


def test_what_users_wrote_stays_text(hostile: Path) -> None:
    text = (hostile / "report.html").read_text()
    outline = Outline(text)
    assert outline.scripts == 1
    assert not outline.handlers
    assert "<img" not in text.split("<script>")[0]
    assert "&lt;/script&gt;&lt;script&gt;window.hacked = 1" in text
    assert "{{ 7 * 7 }}" in text
    markdown = (hostile / "report.md").read_text()
    tokens = MarkdownIt("commonmark").parse(markdown)
    kinds = {token.type for outer in tokens for token in (outer, *(outer.children or []))}
    assert "fence" in kinds
    assert not kinds & {"html_block", "html_inline"}


def test_a_study_without_claims_records_or_figures_is_still_a_report(tmp_path: Path) -> None:
    made = case(study(REPORTED, claims=[], points=2, seeds=1))
    empty = made.tables._replace(
        cells=made.tables.cells.head(0), history=made.tables.history.head(0), expected=made.tables.expected
    )
    bare = StudyAnalysis(study="stability", summaries=(), comparisons=(), verdicts=())
    files = report.write(made.study, empty, bare, tmp_path, command="", versions={}, overhead=None)
    text = (tmp_path / "report.html").read_text()
    assert "declares no claim" in text
    assert "<figure" not in text
    assert 'id="verdicts"' not in text
    assert not [path for path in files if path.suffix in (".svg", ".png")]


def test_no_partial_file_is_left_behind(plain: tuple[Case, Path]) -> None:
    _, directory = plain
    assert not list(directory.rglob("*.partial"))


def test_size_of_an_ordinary_report(plain: tuple[Case, Path]) -> None:
    _, directory = plain
    assert (directory / "report.html").stat().st_size < 1_500_000


@pytest.mark.slow
def test_size_of_a_report_on_5000_cells(tmp_path: Path) -> None:
    made = case(study(REPORTED, points=832, seeds=3), history=8)
    assert len(made.records) >= 4_998
    write(made, tmp_path)
    assert (tmp_path / "report.html").stat().st_size < 7_000_000
