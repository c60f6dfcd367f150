"""A launch that dies may have cells that ended and were never reported: they count, whatever the launch said."""

from __future__ import annotations

import importlib
import threading
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.design.fixed_source import FixedSource
from ssc_tune.design.look_source import LookSource, Source
from ssc_tune.execution.execute import Launched, execute
from ssc_tune.execution.listening import Listener
from ssc_tune.execution.place import HERE
from ssc_tune.records import Record, StudyFolder
from ssc_tune.study.model.study import Study
from tests.making.records import record
from tests.making.screens import Unseen
from tests.making.studies import study

CLAIM = {"name": "c", "less": "ssc", "than": "fixmatch", "in": "std"}


class Launcher:
    """Launches that hand out everything, and after ``dies_after`` cells die without reporting the last two."""

    def __init__(self, of: Study, folder: StudyFolder, dies_after: int) -> None:
        self.of, self.folder, self.dies_after = of, folder, dies_after
        self.done: dict[str, Record] = {}
        self.launches = 0

    def score(self, cell_id: str) -> float | None:
        return 0.5 if cell_id in self.done else None

    def launch(self, study: Study, folder: StudyFolder, source: Source, listener: Listener, **given: Any) -> Launched:
        self.launches += 1
        handed = 0
        while isinstance(cell := source.next(), Cell):
            handed += 1
            given["launched"][cell.cell_id] = cell
            made = record(cell, study=self.of.name)
            if handed < self.dies_after - 2 or self.launches > 1:
                folder.records.write(made)
                del given["launched"][cell.cell_id]
                listener.finished(cell, made)
            elif handed == self.dies_after - 1:
                folder.records.write(made)  # it ended, and nobody was told
            elif handed == self.dies_after:
                return Launched("RuntimeError: the launch died")
        return Launched()


@pytest.mark.parametrize("kind", ["fixed", "looks"])
@pytest.mark.parametrize("dies_after", [5, 20])
def test_nothing_is_run_twice_and_nothing_is_waited_for(
    kind: str, dies_after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = {"looks": [4, 8]} if kind == "looks" else {}
    of = study(design={"type": "sobol", "points": 8, **looks}, claims=[CLAIM])
    folder = StudyFolder(tmp_path, of.name)
    launcher = Launcher(of, folder, dies_after)
    source: Source = LookSource(of, launcher.score, lambda points: True) if looks else FixedSource(of, launcher.score)

    class Told:
        def started(self, cell: Cell) -> None:
            pass

        def finished(self, cell: Cell, made: Record) -> None:
            assert cell.cell_id not in launcher.done
            launcher.done[cell.cell_id] = made
            source.finished(cell.cell_id)

        def close(self) -> None:
            pass

    module = importlib.import_module("ssc_tune.execution.execute")
    monkeypatch.setattr(module, "_ray", lambda *_: nullcontext(SimpleNamespace(workers=lambda: 2)))
    monkeypatch.setitem(vars(module.execution), "tuning", SimpleNamespace(launch=launcher.launch))
    outcome = execute(
        of,
        folder,
        source,
        Told(),
        stop=threading.Event(),
        launch="alone",
        place=HERE,
        screen=Unseen(),
        meanwhile=lambda: None,
    )
    assert launcher.launches == 2
    assert outcome.problems == ["RuntimeError: the launch died"]
    assert set(launcher.done) == {cell.cell_id for cell in fixed_cells(of)}
