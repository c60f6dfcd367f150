"""Whole runs of which only the training is made up: the pipeline itself, with cells that end as they are handed out."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssc_tune import report, running
from ssc_tune.analysis import analyze
from ssc_tune.analysis.explore.extras import Extras
from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.design import Cell
from ssc_tune.execution.execute import Outcome
from ssc_tune.execution.task import make_task
from ssc_tune.records import Record, StudyFolder
from ssc_tune.study.model.study import Study
from tests.making import fake_records
from tests.making.fewer import fewer_bootstraps
from tests.making.records import LOST
from tests.making.studies import FAKE, STD

SD = {"fixmatch": 0.06, "ssc": 0.01, "supervised": 0.02}
MEAN = {"name": "better", "more": "ssc", "than": "fixmatch", "in": "mean"}
DEFAULT = {"name": "alike", "equivalent": ["ssc", "fixmatch"], "in": "default", "within": 0.2}
CLAIMS = [STD, MEAN, DEFAULT]
MINE = {**FAKE, "name": "mine", "design": {"type": "sobol", "points": 4}, "seeds": 2, "claims": CLAIMS}
"""Three claims on 5 points x 2 seeds x 2 methods: 20 cells."""


class Lab:
    """One storage folder. ``status`` says how a cell ends, by its method and the times it was run."""

    def __init__(self, storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.storage = storage
        self.status: Callable[[Cell], str] = lambda cell: "ok"
        self.least = 0  # cells that are left when a run is interrupted
        monkeypatch.setattr(sys.modules["ssc_tune.execution.execute"], "execute", self._execute)
        monkeypatch.setattr(analyze, "extras", lambda *_, **__: Extras())
        monkeypatch.setattr(report, "write", lambda *_, **__: [])
        fewer_bootstraps(monkeypatch, 20)

    def _execute(
        self,
        of: Study,
        folder: StudyFolder,
        source: Any,
        listener: Any,
        *,
        stop: threading.Event,
        meanwhile: Callable[[], object],
        **_: Any,
    ) -> Outcome:
        meanwhile()
        number = 0
        while not stop.is_set() and source.num_to_run > self.least:
            cell = source.next()
            listener.started(cell)
            task = make_task(of, folder, cell)
            made = fake_records.record(of, cell, number, sd=SD, registrations=task.registrations)
            made = self._ended(made, self.status(cell))
            folder.records.write(made)
            listener.finished(cell, made)
            number += 1
        if source.num_to_run:
            stop.set()
        return Outcome(stop.is_set(), 1, 1.0, [])

    @staticmethod
    def _ended(record: Record, status: str) -> Record:
        if status == "ok":
            return record
        lost = record.result.model_copy(update={"status": status, **LOST})
        return record.model_copy(update={"result": lost})

    def options(self, **changes: Any) -> running.Options:
        points = str(self.storage / "points.log")
        return running.Options(
            storage=self.storage, optuna_storage=points, **{"tracking_uri": "none", "yes": True, **changes}
        )

    def folder(self, of: Study) -> StudyFolder:
        return running.folder_of(of, self.options())

    def run(self, of: Study, **options: Any) -> StudyAnalysis | None:
        """The whole run; none if it was interrupted."""
        done = running.train_and_judge(of, self.options(**options))
        return done.analysis if isinstance(done, running.Finished) else None

    def known(self, of: Study, **options: Any) -> dict[str, str]:
        """Runs a study; for each claim that is post hoc then, what was known."""
        found = self.run(of, **options)
        assert found is not None
        assert all(bool(v.known) == v.post_hoc for v in found.verdicts)
        return {v.claim.name: v.known for v in found.verdicts if v.post_hoc}
