"""Records read without their histories are in all else what the whole ones are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.design.cells import fixed_cells
from ssc_tune.records import CorruptRecord, Record, RecordStore, StudyFolder
from ssc_tune.records.files import sealed
from ssc_tune.records.record import brief, shortened
from tests.making.records import evaluation, record
from tests.making.studies import study

CELLS = fixed_cells(study())
TRICKY = ['"history":[{', '},{"step":', '}],"warnings":[', "plain", "\\", '"', "é"]
"""What the cut goes by, as texts."""
TEXTS = st.lists(st.sampled_from(TRICKY), max_size=4).map("".join)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Records with histories of any length, and with texts that look like their joints."""
    history = tuple(
        evaluation(step, loss_terms=draw(st.dictionaries(TEXTS, st.floats(0, 1), max_size=2)))
        for step in range(draw(st.integers(0, 4)))
    )
    return record(
        draw(st.sampled_from(CELLS)),
        history=history,
        warnings=tuple(draw(st.lists(TEXTS, max_size=2))),
        attempt={"traceback": draw(st.none() | TEXTS)},
        about={"environment": draw(st.dictionaries(TEXTS, TEXTS, max_size=2))},
    )


def without_history(content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "result": {key: value for key, value in content["result"].items() if key != "history"}}


@given(records())
def test_all_but_the_history_is_the_same(whole: Record) -> None:
    body = whole.model_dump_json()
    short = json.loads(shortened(body))
    assert without_history(short) == without_history(json.loads(body))
    assert short["result"]["history"] == json.loads(body)["result"]["history"][:1]
    found = brief(body)
    kept = {**vars(whole.result)}
    assert vars(found.result) == {key: value for key, value in kept.items() if key != "history"}
    assert {**vars(found), "result": None} == {**vars(whole), "result": None}


def test_nobody_takes_it_for_a_cell_that_was_never_evaluated(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    store.write(record(CELLS[0], history=(evaluation(1), evaluation(2))))
    found = store.read(CELLS[0].cell_id, whole=False)
    assert found is not None
    assert found.result.status == "ok"
    with pytest.raises(AttributeError, match="history"):
        _ = found.result.history


def test_damage_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    store.write(record(CELLS[0], history=tuple(map(evaluation, range(1, 9)))))
    path = store.path(CELLS[0].cell_id)
    whole = path.read_bytes()
    for position in range(0, len(whole) - 1, 53):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(CorruptRecord, match=path.name):
            store.read(CELLS[0].cell_id, whole=False)


def test_what_another_version_wrote_is_refused_alike(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    written = record(CELLS[0], history=tuple(map(evaluation, (1, 2, 3))))
    later = written.model_dump_json().replace('"signatures":{}', '"signatures":{},"later":1')
    store.path(CELLS[0].cell_id).write_text(sealed("record", later) + "\n")
    for whole in (True, False):
        with pytest.raises(CorruptRecord, match="fields are not valid"):
            store.read(CELLS[0].cell_id, whole=whole)


def test_an_edited_or_replaced_record_is_read_as_it_is_now(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    for accuracy in (0.25, 0.75):
        store.write(record(CELLS[0], accuracy))
        found, _ = store.read_many([CELLS[0].cell_id], set_aside=False, whole=False)
        assert found[CELLS[0].cell_id].result.test_accuracy == accuracy
        store.path(CELLS[0].cell_id).unlink()
    assert store.read_many([CELLS[0].cell_id], set_aside=False, whole=False) == ({}, [])


@pytest.mark.parametrize("whole", [True, False])
def test_records_of_other_studies_are_those_of_the_first_that_has_a_usable_one(tmp_path: Path, whole: bool) -> None:
    first, second, lost, nowhere = (cell.cell_id for cell in CELLS[:4])
    for name, cells in {"b": CELLS[:2], "c": CELLS[:2], "own": CELLS[:1]}.items():
        for cell in cells:
            StudyFolder(tmp_path, name).records.write(record(cell, study=name))
    StudyFolder(tmp_path, "a").records.write(record(CELLS[0], study="a", status="failed"))
    StudyFolder(tmp_path, "b").records.path(second).write_text("damaged")
    StudyFolder(tmp_path, "c").records.write(record(CELLS[2], study="c", status="infrastructure"))
    found = StudyFolder(tmp_path, "own").elsewhere([nowhere, second, first, lost], whole=whole)
    assert {key: of.study for key, of in found.items()} == {second: "c", first: "b"}
    assert list(found) == [second, first]
