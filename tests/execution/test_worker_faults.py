"""A worker whose machine fails it, whatever it is doing then: the cell ends as it would have and pays nothing."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssc_tune.design.cells import fixed_cells
from ssc_tune.execution import worker
from ssc_tune.execution.task import make_task
from ssc_tune.records import Record, StudyFolder
from ssc_tune.study.model.study import Study
from tests.making.cells import without_times
from tests.making.studies import study

SAME = "the record of an undisturbed cell, no attempt charged"
SMALL: Study = study(training={"steps": 4, "evaluations": 2}, hyperparameters={"batch_size": 8, "mu": 1}, retries=0)
CELL = fixed_cells(SMALL)[0]


def run(folder: Path, launch: str = "one") -> tuple[worker.Ended, Record | None]:
    store = StudyFolder(folder, SMALL.name)
    pauses: list[float] = []
    ended = worker.run_task(make_task(SMALL, store, CELL, launch=launch), pause=pauses.append)
    assert pauses == list(worker.PAUSES[: len(pauses)])
    return ended, store.records.read(CELL.cell_id)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the cell comes to, and how often a file is put on the disk meanwhile."""
    calls: list[int] = []
    original = os.fsync
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: (calls.append(file), original(file))[1])
        ended, record = run(tmp_path_factory.mktemp("undisturbed"))
    assert ended == ("ok", "")
    assert record is not None
    return {"result": without_times(record.result), "writes": len(calls)}


@pytest.mark.fault("any write of a worker fails (ENOSPC, EIO), up to three in a row", SAME)
@settings(max_examples=12, deadline=None)
@given(first=st.integers(0, 14), failing=st.integers(1, 3), number=st.sampled_from([errno.ENOSPC, errno.EIO]))
def test_whichever_write_fails(
    undisturbed: dict[str, Any], tmp_path_factory: pytest.TempPathFactory, first: int, failing: int, number: int
) -> None:
    """With no retry to spend: writes ``first`` .. ``first + failing - 1`` fail, then the disk is well again."""
    assert undisturbed["writes"] <= 12, "let the first failing write be later"
    original, count = os.fsync, [0]

    def fsync(file: int) -> None:
        count[0] += 1
        if first < count[0] <= first + failing:
            raise OSError(number, os.strerror(number))
        original(file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        ended, record = run(tmp_path_factory.mktemp("writes"))
    assert ended == ("ok", "")
    assert record is not None
    assert without_times(record.result) == undisturbed["result"]
    assert {a.outcome for a in record.attempts} <= {"machine", "finished"}


@pytest.mark.fault("training ends with MemoryError, EIO, no more threads", SAME)
@pytest.mark.parametrize(
    "error", [MemoryError("no memory"), OSError(errno.EIO, "bad sector"), RuntimeError("can't start new thread")]
)
def test_training_that_the_machine_ends(
    undisturbed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    original, calls = worker.train, []

    def train(*arguments: Any, **given: Any) -> Any:
        calls.append(1)
        if len(calls) <= 2:
            raise error
        return original(*arguments, **given)

    monkeypatch.setattr(worker, "train", train)
    ended, record = run(tmp_path)
    assert ended == ("ok", "")
    assert record is not None
    assert without_times(record.result) == undisturbed["result"]
    assert [a.outcome for a in record.attempts] == ["machine", "machine", "finished"]


@pytest.mark.fault("a disk that stays full for one launch", SAME)
def test_a_disk_that_stays_full_costs_the_cell_nothing(
    undisturbed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        ended, record = run(tmp_path)
    assert ended == ("infrastructure", "OSError: [Errno 28] No space left on device")
    assert record is None
    ended, record = run(tmp_path, "two")
    assert ended == ("ok", "")
    assert record is not None
    assert without_times(record.result) == undisturbed["result"]


def test_no_memory_for_ever_is_no_result_of_the_method(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(*_: Any, **__: Any) -> None:
        raise MemoryError("of 2 TiB")

    monkeypatch.setattr(worker, "train", train)
    ended, record = run(tmp_path)
    assert ended == ("infrastructure", "MemoryError: of 2 TiB")
    assert record is not None
    assert record.result.status == "infrastructure"
    assert record.result.warnings == ("MemoryError: of 2 TiB",)
    assert not record.is_settled()  # the next run tries it again
    assert {a.outcome for a in record.attempts} == {"machine"}


def test_what_training_does_wrong_is_still_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("no labels")

    monkeypatch.setattr(worker, "train", train)
    ended, record = run(tmp_path)
    assert ended == ("failed", "")
    assert record is not None
    assert [a.outcome for a in record.attempts] == ["raised"]


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_set_meanwhile_makes_no_attempt_longer_or_end_before_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    now, off = time.time, [0]

    def train(*_: Any, **__: Any) -> None:
        off[0] = 3600 * hours
        raise ZeroDivisionError("no labels")

    monkeypatch.setattr(worker, "train", train)
    monkeypatch.setattr(time, "time", lambda: now() + off[0])
    _, record = run(tmp_path)
    assert record is not None
    (attempt,) = record.attempts
    assert attempt.ended is not None
    assert 0 <= attempt.ended - attempt.started < 1800
    assert 0 <= record.result.seconds < 1800
    assert record.started <= record.ended


@pytest.mark.parametrize("damage", ["", "{", "\x00" * 100, '{"step": "x"}', "[]"])
def test_progress_that_cannot_be_read_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    path = StudyFolder(tmp_path, SMALL.name).cell(CELL.cell_id) / "progress.json"

    def train(*_: Any, **__: Any) -> None:
        path.write_text(damage)
        raise ZeroDivisionError("no labels")

    monkeypatch.setattr(worker, "train", train)
    ended, record = run(tmp_path)
    assert ended.status == "failed"
    assert record is not None
    assert record.result.history == ()


def test_an_attempt_of_a_launch_that_has_ended_was_interrupted_and_one_of_this_launch_died(tmp_path: Path) -> None:
    store = StudyFolder(tmp_path, SMALL.name)
    attempt = {"number": 1, "started": 1.0, "outcome": "running"}
    for launch, outcome, status in (("one", "died", "infrastructure"), ("another", "interrupted", "ok")):
        store.log_attempt(CELL.cell_id, worker.Attempt.model_validate({**attempt, "launch": launch}))
        ended, record = run(tmp_path)
        assert ended.status == status  # there are no retries
        assert record is not None
        assert record.attempts[0].outcome == outcome
        store.records.put_aside(CELL.cell_id, "retried")
