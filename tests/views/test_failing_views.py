"""A view that fails in the middle of a run: the others go on, it is said once, and made good at the end."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from ssc_tune import presentation, running
from ssc_tune.design import storage
from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.execution.listening import Everyone
from ssc_tune.records import Record
from ssc_tune.tracking import Tracker
from tests.making.fake_runs import MINE, Lab
from tests.making.records import record
from tests.making.studies import study


class Listening:
    """Keeps what it is told, and raises at some of it."""

    def __init__(self, what: str, *raising: str) -> None:
        self.what, self.raising = what, raising
        self.heard: list[str] = []

    def _hear(self, call: str) -> None:
        self.heard.append(call)
        if call in self.raising:
            raise ConnectionError(f"{call}: nobody there\nand more")

    def started(self, cell: Cell) -> None:
        self._hear("started")

    def finished(self, cell: Cell, made: Record) -> None:
        self._hear("finished")

    def close(self) -> None:
        self._hear("close")


def test_everyone_is_told_whoever_raises() -> None:
    cells = fixed_cells(study())[:2]
    first, second = Listening("a view", "started", "finished", "close"), Listening("another")
    said: list[str] = []
    everyone = Everyone(first, second, say=said.append)
    for cell in cells:
        everyone.started(cell)
        everyone.finished(cell, record(cell))
    everyone.close()
    assert first.heard == second.heard == ["started", "finished"] * 2 + ["close"]
    assert said == everyone.problems
    assert said == [
        "a view: ConnectionError: started: nobody there; the study goes on",
        "a view: ConnectionError: close: nobody there; not complete",
    ]


def test_who_says_so_may_have_nobody_to_say_it_to() -> None:
    def gone(line: str) -> None:
        raise BrokenPipeError

    everyone, (cell, *_) = Everyone(Listening("a view", "started"), say=gone), fixed_cells(study())
    everyone.started(cell)
    assert len(everyone.problems) == 1


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, of: type, name: str, calls: set[int]) -> Iterator[list[int]]:
    """A method that raises in some of its calls, counted from 1."""
    count, real = [0], getattr(of, name)

    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        count[0] += 1
        if count[0] in calls:
            raise optuna.exceptions.StorageInternalError("the server is gone")
        return real(self, *arguments, **named)

    with monkeypatch.context() as changed:
        changed.setattr(of, name, call)
        yield count


def states(lab: Lab) -> set[TrialState]:
    opened = storage.open_storage(lab.options().optuna_storage, lab.storage)
    found = [trial.state for one in opened.get_all_studies() for trial in opened.get_all_trials(one._study_id)]
    assert found
    return set(found)


@pytest.mark.fault("Optuna's storage raises in the middle of a run", "said once; complete at the end")
@pytest.mark.parametrize("looks", [False, True])
def test_an_optuna_storage_that_fails_meanwhile_is_complete_at_the_end(
    looks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = {"type": "sobol", "points": 8, **({"looks": [4, 8]} if looks else {})}
    lab, of, err = Lab(tmp_path, monkeypatch), study(MINE, design=design), io.StringIO()
    with failing(monkeypatch, storage.PointLedger, "tell", {3}):  # then it is left alone for a while
        done = running.train_and_judge(of, lab.options(), err=err)
    assert isinstance(done, running.Finished)
    assert done.num_missing == 0
    (problem,) = done.problems
    what = "Optuna's storage, which the end of a run completes"
    assert problem == f"{what}: StorageInternalError: the server is gone; the study goes on"
    assert err.getvalue().count("the server is gone") == 1
    assert "cells done: fixmatch 18/18; ssc 18/18" in err.getvalue()  # the live line was told of every cell
    assert states(lab) == {TrialState.COMPLETE}


def test_one_that_fails_to_the_end_is_completed_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, of = Lab(tmp_path, monkeypatch), study(MINE)
    with failing(monkeypatch, storage.PointLedger, "tell", set(range(3, 1000))):
        done = running.train_and_judge(of, lab.options(), err=io.StringIO())
    assert isinstance(done, running.Finished)
    assert [problem.rpartition("; ")[2] for problem in done.problems] == ["the study goes on", "not complete"]
    assert states(lab) == {TrialState.COMPLETE, TrialState.RUNNING}
    again = running.train_and_judge(of, lab.options(), err=io.StringIO())
    assert again.problems == []
    assert states(lab) == {TrialState.COMPLETE}


def test_a_search_goes_on_without_its_storage_and_completes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search = {"type": "search", "points": 3, "sampler": "random"}
    lab, of = Lab(tmp_path, monkeypatch), study(MINE, design=search, claims=[])
    with failing(monkeypatch, storage.PointLedger, "tell", {2, 3}):
        done = running.train_and_judge(of, lab.options(), err=io.StringIO())
    assert isinstance(done, running.Finished)
    assert done.num_missing == 0
    assert states(lab) == {TrialState.COMPLETE}


def raising(*_: Any, **__: Any) -> None:
    raise OSError(5, "Input/output error")


def failed_and_went_on(lab: Lab, options: running.Options) -> bool:
    """Whether a run ended whole, and said that a view had failed."""
    done = running.train_and_judge(study(MINE), options, err=io.StringIO())
    assert isinstance(done, running.Finished)
    assert done.num_missing == 0
    assert states(lab) == {TrialState.COMPLETE}
    return any("Input/output error" in problem for problem in done.problems)


@pytest.mark.fault("the live view or the tracker raises", "said once; the others are told of every cell")
@pytest.mark.parametrize("call", ["started", "finished", "close"])
def test_a_failing_live_view_skips_nobody(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(tmp_path, monkeypatch)
    monkeypatch.setattr(presentation.live.LiveView, call, raising)
    monkeypatch.setattr(presentation.live.LiveView, "__exit__", lambda *_: None)
    assert failed_and_went_on(lab, lab.options())


def test_a_failing_tracker_skips_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(tmp_path, monkeypatch)
    monkeypatch.setattr(Tracker, "start", lambda self: None)
    monkeypatch.setattr(Tracker, "finish", lambda self, *_, **__: self._journal.report(None))
    monkeypatch.setattr(Tracker, "cell", raising)
    assert failed_and_went_on(lab, lab.options(tracking_uri=f"sqlite:///{tmp_path}/mlflow.db"))
