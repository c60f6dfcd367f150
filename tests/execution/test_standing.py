"""What a worker keeps of the registrations that stood when a cell was begun; training itself is made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssc_tune.design.cells import fixed_cells
from ssc_tune.execution import worker
from ssc_tune.execution.task import make_task
from ssc_tune.records import StudyFolder
from ssc_tune.running.registration import register
from tests.making.records import record
from tests.making.studies import study

CELL = fixed_cells(study())[0]


def test_an_interrupted_cell_keeps_what_stood_when_it_was_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = StudyFolder(tmp_path, "small")
    first, _ = register(study(), folder)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "_train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        worker.run_task(make_task(study(), folder, CELL))
    assert folder.standing_at_start(CELL.cell_id) == (first.hash,)

    second, _ = register(study(seeds=3), folder)
    monkeypatch.setattr(worker, "_train", lambda *_, **__: record(CELL).result)
    assert worker.run_task(make_task(study(seeds=3), folder, CELL)).status == "ok"
    found = folder.records.read(CELL.cell_id)
    assert found is not None
    assert found.registrations == (first.hash,)
    assert folder.standing_at_start(CELL.cell_id) is None

    other = fixed_cells(study())[1]
    assert set(make_task(study(), folder, other).registrations) == {first.hash, second.hash}
