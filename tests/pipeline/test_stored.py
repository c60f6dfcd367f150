"""Records that were made once: what is read from them stays the same."""

from __future__ import annotations

import csv
import io
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssc_tune import running
from ssc_tune.analysis.analyze import analyze
from ssc_tune.analysis.build import build_tables
from ssc_tune.presentation.csvs import results_csv, summary_csv, verdicts_csv
from ssc_tune.records import StudyFolder
from ssc_tune.running.registration import declare
from ssc_tune.study import load_study
from ssc_tune.study.model.study import Study

STORED = Path(__file__).parents[1] / "stored"
TABLES = ("results", "summary", "verdicts")
DIGITS = 9
"""Significant digits that are compared: processors may differ in the last ones of a double."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tables of a report of the stored records, without its pictures, which take most of the time."""
    return tables(tmp_path_factory.mktemp("runs"))


def tables(storage: Path) -> dict[str, str]:
    """The tables made anew from the stored records, which are unpacked below ``storage``."""
    study, folder, progress = survey(storage)
    found = build_tables(study, progress.cells, progress.records)
    analysis = declare(study, folder, progress.cells, progress.records, analyze(study, found, explore=False))
    return {
        "results": results_csv(study, found),
        "summary": summary_csv(analysis),
        "verdicts": verdicts_csv(analysis),
    }


def survey(storage: Path) -> tuple[Study, StudyFolder, running.StudyPlan]:
    """The stored study, its folder below ``storage`` and its records."""
    with tarfile.open(STORED / "records.tar.xz") as archive:
        archive.extractall(storage / "stored", filter="data")
    study = load_study(STORED / "study.yaml")
    options = running.Options(storage=storage, tracking_uri="none")
    progress = running.survey(study, options)
    assert (progress.num_new, len(progress.records), progress.problems) == (0, 162, [])
    return study, running.folder_of(study, options), progress


def kept(name: str) -> str:
    return (STORED / f"{name}.csv").read_bytes().decode()


def rows(table: str) -> Iterator[list[str]]:
    """Rows of a table, its numbers rounded."""
    for row in csv.reader(io.StringIO(table, newline="")):
        yield [rounded(value) for value in row]


def rounded(value: str) -> str:
    try:
        return value if value.lstrip("-").isdigit() else f"{float(value):.{DIGITS}g}"
    except ValueError:
        return value


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_stored_records_stay_as_they_are(made: dict[str, str], name: str) -> None:
    """``python tests/pipeline/test_stored.py`` makes the tables anew where a change is meant; name it in CHANGELOG."""
    assert list(rows(made[name])) == list(rows(kept(name)))


@pytest.mark.slow
def test_their_report_is_written_with_these_tables(made: dict[str, str], tmp_path: Path) -> None:
    study, folder, progress = survey(tmp_path)
    running.analyse(study, folder, progress.cells, progress.records, command="stored", overhead=None)
    assert {name: (folder.path / f"{name}.csv").read_bytes().decode() for name in TABLES} == made


def test_nothing_of_a_stored_plan_has_become_unknown(made: dict[str, str]) -> None:
    """The registration made before the first cell is the plan as it is read today: no verdict has become post hoc."""
    verdicts = list(csv.DictReader(io.StringIO(made["verdicts"], newline="")))
    assert len(verdicts) == 19
    assert {row["post_hoc"] for row in verdicts} == {"False"}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as below:
        for name, text in tables(Path(below)).items():
            (STORED / f"{name}.csv").write_bytes(text.encode())
