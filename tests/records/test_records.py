"""Records: whole or not there, damaged ones noticed, shared between studies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.design.cells import fixed_cells
from ssc_tune.records import CorruptRecord, Record, RecordStore, StudyFolder
from ssc_tune.storage.lines import append_line
from tests.making.records import attempt, record
from tests.making.studies import study

CELLS = fixed_cells(study())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    store = RecordStore(tmp_path / "records")
    written = record(CELLS[0], 0.123456789012345)
    store.write(written)
    assert store.read(CELLS[0].cell_id) == written
    assert store.read(CELLS[1].cell_id) is None
    assert sorted(path.name for path in store.directory.iterdir()) == [f"{CELLS[0].cell_id}.json"]


@pytest.mark.fault("a worker that was thought dead writes its record late", "the first record stands")
def test_the_first_record_of_a_cell_stands(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    assert store.write(record(CELLS[0], 0.466))
    assert not store.write(record(CELLS[0], 0.123))  # by a worker that was thought dead
    found = store.read(CELLS[0].cell_id)
    assert found is not None
    assert found.result.test_accuracy == 0.466
    assert len(list(tmp_path.iterdir())) == 1


def test_the_record_can_be_read_without_this_program(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    store.write(record(CELLS[0], 0.75))
    content = json.loads(store.path(CELLS[0].cell_id).read_text())
    assert content["record"]["result"]["test_accuracy"] == 0.75
    assert content["record"]["config"]["seed"] == CELLS[0].config.seed


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    store.write(record(CELLS[0]))
    path = store.path(CELLS[0].cell_id)
    whole = path.read_bytes()
    for position in range(0, len(whole) - 1, 37):
        changed = bytes([whole[position] ^ 1])
        path.write_bytes(whole[:position] + changed + whole[position + 1 :])
        with pytest.raises(CorruptRecord, match=path.name):
            store.read(CELLS[0].cell_id)


@given(st.integers(min_value=0, max_value=400))
def test_a_torn_record_is_noticed(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    store = RecordStore(tmp_path_factory.mktemp("torn"))
    store.write(record(CELLS[0]))
    path = store.path(CELLS[0].cell_id)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CorruptRecord):
        store.read(CELLS[0].cell_id)


def test_a_record_under_another_name_is_noticed(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    store.write(record(CELLS[0]))
    store.path(CELLS[0].cell_id).rename(store.path(CELLS[1].cell_id))
    with pytest.raises(CorruptRecord, match=CELLS[0].cell_id):
        store.read(CELLS[1].cell_id)


def test_a_damaged_record_is_set_aside_and_the_others_are_read(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    ids = [cell.cell_id for cell in CELLS[:3]]
    for cell in CELLS[:3]:
        store.write(record(cell))
    store.path(ids[1]).write_bytes(b"\xff\xfe not text")
    assert len(store.read_many(ids, set_aside=False)[1]) == 1
    assert store.path(ids[1]).exists()  # looking renames nothing
    found, problems = store.read_many(ids, set_aside=True)
    assert set(found) == {ids[0], ids[2]}
    assert len(problems) == 1
    assert f"{ids[1]}.json.damaged" in problems[0]
    assert (tmp_path / f"{ids[1]}.json.damaged").read_bytes() == b"\xff\xfe not text"
    assert store.read_many(ids, set_aside=True) == (found, [])


@given(st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs", "Zl", "Zp", "Cc"]))))
def test_lines_are_appended(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.mktemp("lines") / "folder" / "a.jsonl"
    for line in lines:
        append_line(path, line)
    assert (path.read_text(encoding="utf-8") if lines else "") == "".join(line + "\n" for line in lines)


def test_attempts_are_the_latest_state_of_each(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path, "small")
    assert folder.attempts("abc") == []
    for state in (attempt(1), attempt(1, "raised"), attempt(2)):
        folder.log_attempt("abc", state)
    assert folder.attempts("abc") == [attempt(1, "raised"), attempt(2)]


def test_a_torn_attempt_is_ignored_and_the_next_one_is_not(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path, "small")
    folder.log_attempt("abc", attempt(1, "raised"))
    path = folder.cell("abc") / "attempts.jsonl"
    path.write_bytes(path.read_bytes() + attempt(2).model_dump_json().encode()[:20])
    assert folder.attempts("abc") == [attempt(1, "raised")]
    folder.log_attempt("abc", attempt(3))
    assert folder.attempts("abc") == [attempt(1, "raised"), attempt(3)]


def test_equal_cells_of_other_studies_are_found(tmp_path: Path) -> None:
    first, second, third = (StudyFolder(tmp_path, name) for name in ("one", "three", "two"))
    good, failed, diverged, damaged, own = (cell for cell in CELLS[:5])
    first.records.write(record(good, 0.1, study="one"))
    first.records.write(record(failed, study="one", status="failed"))
    first.records.write(record(damaged, study="one"))
    first.records.path(damaged.cell_id).write_text("damaged")
    second.records.write(record(diverged, study="three", status="diverged"))
    second.records.write(record(damaged, 0.9, study="three"))
    third.records.write(record(own, study="two"))
    before = sorted(tmp_path.rglob("*"))
    found = third.elsewhere(cell.cell_id for cell in CELLS)
    assert set(found) == {good.cell_id, diverged.cell_id, damaged.cell_id}
    assert found[damaged.cell_id].result.test_accuracy == 0.9  # the sound one of two
    assert sorted(tmp_path.rglob("*")) == before  # it only looks


@pytest.mark.parametrize(
    ("status", "plain", "retrying"),
    [("ok", True, True), ("diverged", True, True), ("failed", True, False), ("infrastructure", False, False)],
)
def test_which_records_are_final(status: str, plain: bool, retrying: bool) -> None:
    made = record(CELLS[0])
    changed: Record = made.model_copy(update={"result": made.result.model_copy(update={"status": status})})
    assert changed.is_settled() is plain
    assert changed.is_settled(retry_failed=True) is retrying


def test_a_record_put_aside_is_not_read_any_more(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    store.write(record(CELLS[0]))
    store.put_aside(CELLS[0].cell_id, "retried")
    store.put_aside(CELLS[1].cell_id, "retried")  # there is none: nothing happens
    assert store.read(CELLS[0].cell_id) is None
    assert [path.name for path in tmp_path.iterdir()] == [f"{CELLS[0].cell_id}.json.retried"]
