"""What a repository keeps of a study: a page, its figures and two tables."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from ssc_tune.analysis.tables import Tables
from ssc_tune.report.published import public
from tests.making.analyses import Case, case
from tests.making.studies import REPORTED, study
from tests.report.written import write


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Path]:
    made, directory = case(num_failed=2), tmp_path_factory.mktemp("published")
    paths = write(made, directory / "run", publish=directory / "page")
    assert set(paths) >= set((directory / "page").iterdir())
    return made, directory


def test_everything_that_the_page_shows_lies_beside_it(published: tuple[Case, Path]) -> None:
    page = published[1] / "page"
    text = (page / "README.md").read_text(encoding="utf-8")
    links = set(re.findall(r"\]\(([^)]+)\)", text))
    assert links == {path.name for path in page.iterdir()} - {"README.md"}
    assert {"results.csv", "verdicts.csv", "parameters.svg", "seeds.svg"} <= links


def test_defaults_alone_are_shown_in_training_and_against_no_hyperparameter(tmp_path: Path) -> None:
    alone = study(REPORTED, design={"type": "defaults"}, claims=[])
    whole = case()
    cells = whole.tables.cells
    tables = Tables(cells[cells["point"] == 0], whole.tables.history, whole.tables.expected)
    made = whole._replace(study=alone, tables=tables)
    files = {path.name for path in write(made, tmp_path / "run", publish=tmp_path / "page")}
    assert "parameters.svg" not in files
    assert {path.name for path in (tmp_path / "page").glob("*.svg")} == {"training.svg"}


def test_tables_are_those_of_the_report(published: tuple[Case, Path]) -> None:
    for name in ("results.csv", "verdicts.csv"):
        assert (published[1] / "page" / name).read_bytes() == (published[1] / "run" / name).read_bytes()


def test_it_says_every_verdict_and_how_it_was_made_but_no_host(published: tuple[Case, Path]) -> None:
    made, directory = published
    text = (directory / "page" / "README.md").read_text(encoding="utf-8")
    with (directory / "page" / "verdicts.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            assert re.search(rf"\| {re.escape(row['claim'])}: [^|]+ \| {row['verdict']}", text)
    assert f"ssc-tune report {made.study.name} --publish" in text
    for name in ("processor", "host"):
        value = made.records[0].environment.get(name)
        assert value is None or (value in text) == (name == "processor")
    rows = [token for token in MarkdownIt("commonmark").enable("table").parse(text) if token.type == "tr_open"]
    assert len(rows) > 20


@pytest.mark.parametrize(
    "given", ["--storage /home/me/runs --tracking-uri http://host", "--storage=/home/me/runs --data-dir x", ""]
)
def test_the_command_says_nothing_of_the_machine(given: str) -> None:
    command = f"python -m ssc_tune.run studies/quick.yaml --set seeds=5 {given}".strip()
    assert public(command) == "python -m ssc_tune.run studies/quick.yaml --set seeds=5"
