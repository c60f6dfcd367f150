"""What is written below the storage goes into files of its own, never through a link into one elsewhere."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ssc_tune.atomic import write_atomically
from ssc_tune.design.cells import fixed_cells
from ssc_tune.errors import InputError
from ssc_tune.execution.quiet import output_to
from ssc_tune.records import StudyFolder, registrations
from ssc_tune.running.registration import register
from ssc_tune.storage.lines import append_line
from ssc_tune.tracking.client import LOG_NAME, _quiet
from ssc_tune.training import checkpoint
from tests.making.records import attempt, record
from tests.making.studies import study

CELL = "0123456789abcdef"
RECORD = record(fixed_cells(study())[0])


def begun(folder: StudyFolder) -> None:
    folder.log_attempt(CELL, attempt(1))


def standing(folder: StudyFolder) -> None:
    folder.note_standing(CELL, ["a"])


def log(folder: StudyFolder) -> None:
    with output_to(folder.path / "log.txt"):
        os.write(1, b"said\n")


def view(folder: StudyFolder) -> None:
    _quiet(folder.path, "sqlite:///mlflow.db")
    logging.getLogger("mlflow").warning("said")


WRITTEN_ON: dict[str, Callable[[StudyFolder], object]] = {
    f"cells/{CELL}/attempts.jsonl": begun,
    registrations.FILE: lambda folder: register(study(), folder),
    "log.txt": log,
    LOG_NAME: view,
}
"""What is written to where it lies, by its place."""
REPLACED: dict[str, Callable[[StudyFolder], object]] = {
    "study.json": lambda folder: folder.write_json("study.json", {}),
    f"cells/{CELL}/registrations.json": standing,
    f"cells/{CELL}/progress.json": lambda folder: write_atomically(folder.cell(CELL) / "progress.json", "{}"),
    f"cells/{CELL}/checkpoint.pt": lambda folder: checkpoint.save(
        folder.cell(CELL) / "checkpoint.pt", {"a": torch.zeros(1)}
    ),
}
"""What is replaced as a whole, by its place."""


def linked(tmp_path: Path, place: str) -> tuple[StudyFolder, Path]:
    """A study's folder with a link in this place, and the file that it leads to."""
    target = tmp_path / "elsewhere"
    target.write_text("mine\n")
    folder = StudyFolder(tmp_path / "runs", study().name)
    path = folder.path / place
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    return folder, target


@pytest.mark.parametrize("place", WRITTEN_ON)
def test_a_link_is_not_written_through(place: str, tmp_path: Path) -> None:
    folder, target = linked(tmp_path, place)
    with pytest.raises(InputError, match=rf"{Path(place).name}: a link, which is not followed; allowed: "):
        WRITTEN_ON[place](folder)
    assert target.read_text() == "mine\n"
    assert (folder.path / place).is_symlink()


@pytest.mark.parametrize("place", REPLACED)
def test_a_link_is_replaced_and_what_it_leads_to_stays(place: str, tmp_path: Path) -> None:
    folder, target = linked(tmp_path, place)
    REPLACED[place](folder)
    assert target.read_text() == "mine\n"
    assert not (folder.path / place).is_symlink()


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_in_the_place_of_a_record_counts_as_one_that_is_there(dangling: bool, tmp_path: Path) -> None:
    """A record is made only where there is nothing of its name; what the link leads to fails its checksum."""
    folder, target = linked(tmp_path, f"records/{RECORD.cell_id}.json")
    if dangling:
        target.unlink()
    assert not folder.records.write(RECORD)
    assert target.exists() != dangling
    assert dangling or target.read_text() == "mine\n"


@pytest.mark.parametrize("place", [*WRITTEN_ON, *REPLACED])
def test_a_dangling_link_makes_no_file_elsewhere(place: str, tmp_path: Path) -> None:
    folder, target = linked(tmp_path, place)
    target.unlink()
    if place in WRITTEN_ON:
        with pytest.raises(InputError):
            WRITTEN_ON[place](folder)
    else:
        REPLACED[place](folder)
    assert not target.exists()


def test_a_storage_folder_that_is_a_link_is_followed(tmp_path: Path) -> None:
    """A user keeps records on another disk so; whoever may change folders there may change records anyway."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "runs").symlink_to(tmp_path / "disk")
    append_line(tmp_path / "runs" / "a.jsonl", "{}")
    assert (tmp_path / "disk" / "a.jsonl").read_text() == "{}\n"
