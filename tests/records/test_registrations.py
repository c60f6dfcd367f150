"""The file of registrations: lines that stay, damage that is noticed, and which plans stood before a cell."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.design.cells import fixed_cells
from ssc_tune.records import Record, Registration, StudyFolder
from ssc_tune.records.registrations import FILE, register, registered, registered_below, standing
from ssc_tune.study.registration import hash_of, plan_hash, plan_of
from tests.making.records import record
from tests.making.studies import study

CELLS = fixed_cells(study())
CELL = CELLS[0].cell_id


def plan(points: int, name: str = "small", at: float = 1000.0) -> Registration:
    content = plan_of(study(points=points))
    return Registration(hash=hash_of(content), time=at, study=name, version="1", plan=content)


FIRST, SECOND, THIRD = plan(4), plan(8, at=2000.5), plan(16, at=3000.0)


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    found = StudyFolder(tmp_path, "small")
    register(found, FIRST)
    register(found, SECOND)
    return found


def test_what_is_registered_is_read_in_its_order(folder: StudyFolder) -> None:
    assert registered(folder) == ([FIRST, SECOND], [])
    assert registered(StudyFolder(folder.storage, "other")) == ([], [])
    assert FIRST.when == "1970-01-01 00:16:40 UTC"
    assert FIRST.hash.startswith(FIRST.short)
    assert len(FIRST.short) == 16


def test_a_line_can_be_read_without_this_program(folder: StudyFolder) -> None:
    first = json.loads((folder.path / FILE).read_text().splitlines()[0])["registration"]
    assert first["hash"] == plan_hash(study())
    assert first["plan"]["design"] == {"type": "sobol", "points": 4}
    assert (first["time"], first["study"]) == (1000.0, "small")


def test_registering_adds_and_changes_nothing(folder: StudyFolder) -> None:
    before = (folder.path / FILE).read_bytes()
    register(folder, THIRD)
    assert (folder.path / FILE).read_bytes().startswith(before)
    assert registered(folder) == ([FIRST, SECOND, THIRD], [])


def test_any_changed_byte_is_noticed_and_the_other_line_is_read(folder: StudyFolder) -> None:
    path = folder.path / FILE
    whole = path.read_bytes()
    end = whole.index(b"\n")
    for position in range(0, end, 29):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        found, problems = registered(folder)
        assert found == [SECOND]
        assert len(problems) == 1
        assert f"{path}: line 1: " in problems[0]


@given(st.integers(min_value=1, max_value=3000))
def test_a_torn_last_line_loses_no_other_and_is_no_damage(
    tmp_path_factory: pytest.TempPathFactory, missing: int
) -> None:
    folder = StudyFolder(tmp_path_factory.mktemp("torn"), "small")
    register(folder, FIRST)
    path = folder.path / FILE
    first = path.read_bytes()
    register(folder, SECOND)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(len(first), len(whole) - missing)])
    found, problems = registered(folder)
    assert problems == []
    assert found == ([FIRST, SECOND] if missing == 1 else [FIRST])
    register(folder, THIRD)
    assert registered(folder) == ([*found, THIRD], [])


def test_a_torn_first_line_is_taken_away(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path, "small")
    register(folder, FIRST)
    path = folder.path / FILE
    path.write_bytes(path.read_bytes()[:100])
    assert registered(folder) == ([], [])
    register(folder, SECOND)
    assert registered(folder) == ([SECOND], [])


def test_a_plan_under_another_hash_is_noticed_even_with_a_good_checksum(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path, "small")
    register(folder, FIRST.model_copy(update={"plan": SECOND.plan}))
    found, problems = registered(folder)
    assert found == []
    assert f"the plan does not hash to {FIRST.short}" in problems[0]


def test_below_a_storage_the_earliest_comes_first(folder: StudyFolder) -> None:
    other = StudyFolder(folder.storage, "another")
    early = plan(16, "another", at=5.0)
    register(other, early)
    assert registered_below(folder.storage) == (early, FIRST, SECOND)
    (other.path / FILE).write_text("damaged\n")
    assert registered_below(folder.storage) == (FIRST, SECOND)
    assert registered_below(folder.storage / "nowhere") == ()


def left(folder: StudyFolder, *registrations: Registration, status: str = "ok") -> Record:
    made = record(CELLS[0], study=folder.study, status=status)  # type: ignore[arg-type]
    made = made.model_copy(update={"registrations": tuple(one.hash for one in registrations)})
    folder.records.write(made)
    return made


def hashes(*registrations: Registration) -> tuple[str, ...]:
    return tuple(sorted(one.hash for one in registrations))


def test_a_new_cell_has_every_registration(folder: StudyFolder) -> None:
    register(StudyFolder(folder.storage, "other"), THIRD)
    assert standing(folder.storage, CELL) == hashes(FIRST, SECOND, THIRD)
    assert standing(folder.storage / "nowhere", CELL) == ()


def test_a_cell_tried_again_has_what_stood_at_its_first_trial(folder: StudyFolder) -> None:
    left(folder, FIRST, status="failed")
    folder.records.put_aside(CELL, "retried")
    assert standing(folder.storage, CELL) == hashes(FIRST)
    assert standing(folder.storage, CELLS[1].cell_id) == hashes(FIRST, SECOND)


def test_a_cell_that_failed_in_another_study_is_not_new(folder: StudyFolder) -> None:
    left(StudyFolder(folder.storage, "other"), SECOND, status="failed")
    assert standing(folder.storage, CELL) == hashes(SECOND)
    assert standing(folder.storage, CELLS[1].cell_id) == hashes(FIRST, SECOND)


@pytest.mark.parametrize("where", ["small", "other"])
def test_a_cell_under_way_has_what_stood_when_it_was_begun(folder: StudyFolder, where: str) -> None:
    begun = StudyFolder(folder.storage, where)
    begun.note_standing(CELL, [FIRST.hash])
    assert standing(folder.storage, CELL) == hashes(FIRST)
    (begun.cell(CELL) / "registrations.json").unlink()
    (begun.cell(CELL) / "attempts.jsonl").write_text("")  # begun by a version that kept no registrations
    assert standing(folder.storage, CELL) == ()


def test_a_damaged_record_says_nothing(folder: StudyFolder) -> None:
    left(folder, FIRST)
    folder.records.path(CELL).write_text("damaged")
    assert standing(folder.storage, CELL) == hashes(FIRST, SECOND)


def test_a_record_from_before_registrations_is_read(folder: StudyFolder) -> None:
    old = record(CELLS[0]).model_dump(mode="json", exclude={"registrations"}) | {"claims": ["0123456789abcdef"]}
    found = Record.model_validate(old)
    assert (found.registrations, found.claims) == ((), ("0123456789abcdef",))


def test_the_file_is_read_again_when_it_has_changed(folder: StudyFolder) -> None:
    assert len(registered_below(folder.storage)) == 2
    time.sleep(0.01)
    path = folder.path / FILE
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    assert registered_below(folder.storage) == (FIRST,)
