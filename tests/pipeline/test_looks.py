"""A study with looks through the whole pipeline, with an executor that makes records up instead of training."""

from __future__ import annotations

import csv
import importlib
import io
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest

from ssc_tune import running
from ssc_tune.analysis.explore.extras import Extras
from ssc_tune.cli import main
from ssc_tune.commands import state, stored
from ssc_tune.commands.screen import show_plan
from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.design.look_source import Source
from ssc_tune.execution.execute import Outcome
from ssc_tune.records import Record, StudyFolder
from ssc_tune.study.model.study import Study
from tests.making import fake_records, studies

SPREAD = {"fixmatch": 0.03, "ssc": 0.03}
APART, ALIKE = 0.04, 0.0


def looking(stop: str = "when_decided", **changes: Any) -> Study:
    """Looks at 4, 8 and 16 points; methods that lie apart are told apart at the second."""
    design = {"type": "sobol", "points": 16, "looks": [4, 8, 16], "stop": stop}
    claim = {"name": "better", "more": "ssc", "than": "fixmatch", "in": "mean"}
    return studies.study(studies.FAKE, **{"design": design, "claims": [claim], **changes})


def shifted(record: Record, gap: float) -> Record:
    """The record of a cell that is more accurate by ``gap``."""
    result = record.result
    accuracies = {name: getattr(result, name) + gap for name in ("validation_accuracy", "test_accuracy")}
    return record.model_copy(update={"result": result.model_copy(update=accuracies)})


class Runs:
    """Runs of studies in one folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.options = running.Options(storage=folder, tracking_uri="none", command="again")
        self.gap = APART
        self.given: list[list[int]] = []  # points of the cells that each run trained, in order
        self.interrupt_after: int | None = None
        self.lose: Callable[[Cell], bool] = lambda cell: False
        self.said = io.StringIO()
        monkeypatch.setattr(importlib.import_module("ssc_tune.execution.execute"), "execute", self._execute)

    def _execute(
        self, study: Study, folder: StudyFolder, source: Source, watcher: Any, *, stop: threading.Event, **_: Any
    ) -> Outcome:
        """Two cells at a time, the first given out ends first."""
        self.given.append([])
        out: list[Cell] = []
        while not stop.is_set():
            cell = source.next()
            if isinstance(cell, Cell):
                watcher.started(cell)
                self.given[-1].append(cell.placement.point)
                out.append(cell)
            if out and (len(out) == 2 or not isinstance(cell, Cell)):
                self._end(study, folder, watcher, out.pop(0))
            elif cell is None:
                break
            if len(self.given[-1]) == self.interrupt_after:
                stop.set()
        return Outcome(stop.is_set(), 2, 1.0, [])

    def _end(self, study: Study, folder: StudyFolder, watcher: Any, cell: Cell) -> None:
        record = fake_records.record(study, cell, len(self.given[-1]), sd=SPREAD)
        if cell.placement.method == "ssc":
            record = shifted(record, self.gap)
        if self.lose(cell):
            lost = {"status": "infrastructure", "validation_accuracy": None, "test_accuracy": None, "history": ()}
            record = record.model_copy(update={"result": record.result.model_copy(update=lost)})
        folder.records.write(record)
        watcher.finished(cell, record)

    def run(self, study: Study) -> running.Finished:
        self.said = io.StringIO()
        return running.train_and_judge(study, self.options, out=self.said, err=io.StringIO())

    def folder(self, study: Study) -> Path:
        return running.folder_of(study, self.options).path

    def look(self, study: Study) -> dict[str, Any]:
        return state.state(stored.look(study, self.options.storage))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Without what explores and draws: that takes most of the time and does not know of looks."""
    monkeypatch.setattr("ssc_tune.analysis.analyze.extras", lambda *_, **__: Extras())
    monkeypatch.setattr("ssc_tune.report.write", lambda *_, **__: [])
    monkeypatch.setattr("ssc_tune.design.storage.open_storage", lambda *_: optuna.storages.InMemoryStorage())
    return Runs(tmp_path / "runs", monkeypatch)


def test_it_stops_at_the_look_at_which_every_claim_is_decided(runs: Runs) -> None:
    study = looking()
    done = runs.run(study)
    assert done.analysis is not None
    (verdict,) = done.analysis.verdicts
    assert (verdict.verdict, verdict.look) == ("supported", 8)
    assert max(runs.given[0]) == 8
    assert (done.num_missing, done.num_failed) == (0, 0)
    said = runs.said.getvalue()
    assert "look 1 of 3, 4 of 16 points:\n  better: inconclusive; mean of ssc minus mean of fixmatch is " in said
    assert "look 2 of 3, 8 of 16 points:\n  better: supported; mean of ssc minus mean of fixmatch is " in said
    assert "stopped at 8 of 16 points: every claim is decided" in said
    assert not any("no result yet" in line for line in done.analysis.warnings)
    assert all(summary.num_missing == 0 for summary in done.analysis.summaries)


def test_a_study_that_has_stopped_is_complete_everywhere_and_runs_nothing_more(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    study = looking()
    runs.run(study)
    needed = len({cell.cell_id for cell in fixed_cells(study) if cell.placement.point <= 8})
    found = runs.look(study)
    assert (found["state"], found["cells"], found["missing"], found["ok"]) == ("complete", needed, 0, needed)
    assert (found["under_way"], found["stopped_at"]) == (0, 8)
    again = runs.run(study)
    assert len(runs.given) == 1  # nothing was executed
    assert again.num_missing == 0
    storage = ("--storage", str(runs.options.storage))
    for command in (("list",), ("show", study.name)):
        assert main([*command, *storage]) == 0
    shown = capsys.readouterr().out
    assert "complete" in shown
    assert "stopped at 8 of 16 points: every claim is decided" in shown
    assert main(["show", study.name, *storage, "--json"]) == 0
    assert {row["status"] for row in json.loads(capsys.readouterr().out)["cell_list"]} == {"ok"}


def test_check_takes_a_study_that_has_stopped_for_finished(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    claim = looking().claims[0].model_copy(update={"expected": "supported"})
    study = looking(claims=[claim.model_dump(by_alias=True)])
    runs.run(study)
    assert main(["check", study.name, "--storage", str(runs.options.storage)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "better: supported (as expected)"


def test_it_goes_on_while_a_claim_is_open(runs: Runs) -> None:
    runs.gap = ALIKE
    study = looking()
    done = runs.run(study)
    assert done.analysis is not None
    assert [look.judged for look in done.analysis.looks] == [True] * 3
    assert done.analysis.verdicts[0].look == 16
    assert len(runs.given) == 1  # one execution, so one start of Ray, for all looks
    assert max(runs.given[0]) == 16
    said = runs.said.getvalue()
    assert "look 1 of 3, 4 of 16 points:" in said
    assert "look 2 of 3, 8 of 16 points:" in said
    assert "stopped at" not in said


def test_run_to_its_end_it_has_the_cells_of_the_study_without_looks(runs: Runs) -> None:
    study, plain = looking("never"), studies.study(studies.FAKE, name="plain", design={"type": "sobol", "points": 16})
    runs.run(study)
    runs.given.clear()
    runs.run(plain)
    assert not runs.given  # every cell is there already
    ids = [{p.stem for p in (runs.folder(of) / "records").glob("*.json")} for of in (study, plain)]
    assert ids[0] == ids[1]


def test_never_means_that_all_looks_are_run_and_the_first_decision_stands(runs: Runs) -> None:
    done = runs.run(looking("never"))
    assert done.analysis is not None
    assert max(runs.given[0]) == 16
    (verdict,) = done.analysis.verdicts
    assert verdict.look == 8
    assert [line.split(":")[0] for line in verdict.sensitivity[-1:]] == ["at 16 points"]


def test_interrupted_in_its_second_look_it_goes_on_there(runs: Runs) -> None:
    runs.gap = ALIKE
    study = looking()
    first = len({cell.cell_id for cell in fixed_cells(study) if cell.placement.point <= 4})
    runs.interrupt_after = first + 5
    stopped = runs.run(study)
    assert isinstance(stopped, running.Interrupted)
    assert stopped.num_missing > 0
    assert runs.look(study)["state"] == "started"
    runs.interrupt_after = None
    done = runs.run(study)
    assert min(runs.given[1]) > 4
    assert "look 1" not in runs.said.getvalue()
    assert "look 2 of 3, 8 of 16 points:" in runs.said.getvalue()
    runs.options = replace(runs.options, storage=runs.options.storage.parent / "other")
    whole = runs.run(study)
    assert done.analysis is not None
    assert whole.analysis is not None
    assert done.analysis.looks == whole.analysis.looks  # as if nothing had happened


def test_a_look_with_a_lost_cell_is_not_judged_and_its_cells_are_tried_again(runs: Runs) -> None:
    study = looking()
    runs.lose = lambda cell: cell.placement == ("shared", "main", "ssc", 3, 1)
    done = runs.run(study)
    assert max(runs.given[0]) == 4  # nothing is spent on a look of which nobody knows that it is needed
    assert "the look at 4 of 16 points cannot be judged" in runs.said.getvalue()
    assert done.num_missing > 0
    assert done.analysis is not None
    assert done.analysis.verdicts[0].reason == "undefined: the first look, at 4 points, lacks 1 cells"
    runs.lose = lambda cell: False
    again = runs.run(study)
    assert runs.given[1][0] == 3
    assert min(runs.given[1][1:]) > 4
    assert again.analysis is not None
    assert again.analysis.verdicts[0].look == 8
    assert again.num_missing == 0


def test_what_another_study_trains_later_does_not_start_it_again(runs: Runs) -> None:
    study = looking()
    runs.run(study)
    runs.run(studies.study(studies.FAKE, name="larger", design={"type": "sobol", "points": 16}))
    assert runs.look(study)["stopped_at"] == 8
    fresh = looking(name="fresh")  # all its cells are known before it begins: every look is shown
    done = runs.run(fresh)
    assert done.analysis is not None
    assert [look.judged for look in done.analysis.looks] == [True] * 3
    assert done.analysis.verdicts[0].look == 8


@pytest.mark.slow
def test_the_report_holds_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, study = Runs(tmp_path / "runs", monkeypatch), looking()
    done = runs.run(study)
    folder = runs.folder(study)
    text, page = ((folder / name).read_text(encoding="utf-8") for name in ("report.md", "report.html"))
    assert done.analysis is not None
    one = done.analysis.looks[1].claims[0]
    assert f"| 2: 8 points | better | {one.effect_name}:" in text
    assert "| 3: 16 points | not needed |" in text
    assert 'id="looks"' in page
    assert "Decided at look 2 of 3, 8 of 16 points." in page
    row = next(csv.DictReader((folder / "verdicts.csv").read_text(encoding="utf-8").splitlines()))
    assert row["look"] == "8"
    assert float(row["p_sequential"]) >= float(row["p_value"])


def test_the_plan_says_what_each_look_needs_and_may_spend(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    study = looking()
    show_plan(study, runs.options, running.survey(study, runs.options), estimate=False)
    said = capsys.readouterr().out
    assert "look 1 of 3: 4 points, 30 cells; error spent by then 0.008858% of 5%" in said
    assert "look 3 of 3: 16 points, 102 cells; error spent by then 5% of 5%" in said
    assert "the study stops at the look at which every claim is decided" in said
    runs.run(study)
    show_plan(study, runs.options, running.survey(study, runs.options), estimate=False)
    assert "stopped at 8 of 16 points: every claim is decided" in capsys.readouterr().out
