"""Records that were made once: what is read from them stays the same."""

from __future__ import annotations

import csv
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssc_tune import running
from ssc_tune.study import load_study

STORED = Path(__file__).parents[1] / "stored"
TABLES = ("results", "summary", "verdicts")
DIGITS = 9
"""Significant digits that are compared: processors may differ in the last ones of a double."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the study, reported anew from its records."""
    return write(tmp_path_factory.mktemp("runs"))


def write(storage: Path) -> Path:
    """Reports the stored records below ``storage``; the study's folder there."""
    with tarfile.open(STORED / "records.tar.xz") as archive:
        archive.extractall(storage / "stored", filter="data")
    study = load_study(STORED / "study.yaml")
    options = running.Options(storage=storage, tracking_uri="none")
    progress = running.survey(study, options)
    assert (progress.num_new, len(progress.records), progress.problems) == (0, 162, [])
    folder = running.folder_of(study, options)
    running.analyse(study, folder, progress.cells, progress.records, command="stored", overhead=None)
    return folder.path


def rows(path: Path) -> Iterator[list[str]]:
    """Rows of a table, its numbers rounded."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines):
            yield [rounded(value) for value in row]


def rounded(value: str) -> str:
    try:
        return value if value.lstrip("-").isdigit() else f"{float(value):.{DIGITS}g}"
    except ValueError:
        return value


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_stored_records_stay_as_they_are(written: Path, name: str) -> None:
    """``python tests/pipeline/test_stored.py`` makes the tables anew where a change is meant; name it in CHANGELOG."""
    assert list(rows(written / f"{name}.csv")) == list(rows(STORED / f"{name}.csv"))


def test_nothing_of_a_stored_plan_has_become_unknown(written: Path) -> None:
    """The registration made before the first cell is the plan as it is read today: no verdict has become post hoc."""
    verdicts = list(csv.DictReader((written / "verdicts.csv").open(encoding="utf-8", newline="")))
    assert len(verdicts) == 19
    assert {row["post_hoc"] for row in verdicts} == {"False"}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        for name in TABLES:
            shutil.copy(write(Path(made) / name) / f"{name}.csv", STORED)
