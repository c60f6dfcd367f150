"""What happens with records once they are there: verdicts from them alone, marks on edited claims."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from ssc_tune import running
from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.presentation import words
from ssc_tune.presentation.terminal import terminal_summary
from ssc_tune.study.model.study import Study
from ssc_tune.study.registration import plan_hash
from tests.making import fake_records, studies
from tests.making.fewer import fewer_bootstraps


def _analyse(study: Study, storage: Path):  # type: ignore[no-untyped-def]
    options = running.Options(storage=storage)
    progress = running.survey(study, options)
    folder = running.folder_of(study, options)
    return running.analyse(study, folder, progress.cells, progress.records, command="again", overhead=None)


@pytest.fixture(scope="module", autouse=True)
def _hastened() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        fewer_bootstraps(patch, 50)  # the numbers do not matter here
        yield


@pytest.fixture(scope="module")
def edited() -> Study:
    claims = [{"name": "more stable", "less": "ssc", "than": "fixmatch", "in": "std", "margin": 0.02}]
    return studies.study(studies.FAKE, claims=claims)


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the study before its claim was edited, with all its records."""
    folder, study = tmp_path_factory.mktemp("runs"), studies.study(studies.FAKE)
    fake_records.fill(study, running.folder_of(study, running.Options(storage=folder)))
    return folder


@pytest.fixture(scope="module")
def reported(edited: Study, storage: Path) -> tuple[StudyAnalysis, dict[Path, bytes]]:
    """What is found of the edited study, and its files."""
    analysis, _, files, _ = _analyse(edited, storage)
    return analysis, {path: path.read_bytes() for path in files}


def test_an_edited_claim_is_marked_with_what_was_known_wherever_it_is_shown(
    edited: Study, reported: tuple[StudyAnalysis, dict[Path, bytes]]
) -> None:
    analysis, files = reported
    known = "54 of 54 cells were known under an earlier plan of this study; this plan is not registered"
    assert [(v.post_hoc, v.known) for v in analysis.verdicts] == [(True, known)]
    assert analysis.registration is not None
    line = analysis.registration.line
    assert line == f"not registered (the plan's hash is {plan_hash(edited)[:16]}); {known.partition(';')[0]}"
    text = {path.name: content.decode() for path, content in files.items() if path.suffix in (".md", ".html", ".csv")}
    for name in ("report.md", "report.html"):
        shown = html.unescape(text[name])
        assert "post hoc" in shown
        assert f"its verdict is exploratory. {known}." in shown
        assert f"N{line[1:]}" in shown
    (row,) = csv.DictReader(io.StringIO(text["verdicts.csv"]))
    assert (row["post_hoc"], row["known"]) == ("True", known)
    printed = io.StringIO()
    terminal_summary(edited, analysis, console=Console(file=printed, width=300))
    assert f"\n{line}\n" in printed.getvalue()
    assert f"    post hoc: {known}\n" in printed.getvalue()
    assert words.answer(analysis).startswith("Inconclusive (post hoc) whether ")
    supported = analysis.verdicts[0].model_copy(update={"verdict": "supported"})
    decided = words.answer(analysis.model_copy(update={"verdicts": (supported,)}))
    assert decided.startswith("Supported (post hoc): ")


def test_the_same_records_give_the_same_bytes(
    edited: Study, storage: Path, reported: tuple[StudyAnalysis, dict[Path, bytes]]
) -> None:
    _, before = reported
    _, _, again, _ = _analyse(edited, storage)
    assert {path: path.read_bytes() for path in again} == before
    assert any(path.name == "results.csv" for path in again)
