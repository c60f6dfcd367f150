"""Checkpoints of finished cells go unless kept, as cells end; nothing else does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssc_tune.analysis.build import build_tables
from ssc_tune.design.cells import Cell, fixed_cells, placements
from ssc_tune.records import Record, StudyFolder
from ssc_tune.running.looks import until
from ssc_tune.running.retention import Best, Keep, Retention, most
from tests.making.launches import Launches
from tests.making.records import LOST, record
from tests.making.studies import study

OF = study()
CELLS = list({cell.cell_id: cell for cell in fixed_cells(OF)}.values())
PLACES = placements(fixed_cells(OF))


def ended(cell: Cell, accuracy: float, status: str = "ok") -> Record:
    made = record(cell, accuracy, study=OF.name)
    if status == "ok":
        return made
    return made.model_copy(update={"result": made.result.model_copy(update={"status": status, **LOST})})


def place(folder: StudyFolder, cell_id: str) -> Path:
    path = folder.cell(cell_id) / "checkpoint.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"weights")
    return path


def there(folder: StudyFolder) -> set[str]:
    return {path.parent.name for path in folder.path.glob("cells/*/checkpoint.pt")}


@settings(max_examples=15)
@given(st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=len(CELLS), max_size=len(CELLS)), st.integers(0, 4))
def test_the_best_are_those_of_the_tables_up_to_every_look(accuracies: list[float], look: int) -> None:
    """Whichever look the study stops at, the best cells up to it are among those kept, and at the end exactly they."""
    records = {cell.cell_id: ended(cell, a) for cell, a in zip(CELLS, accuracies, strict=True)}
    plain, at_looks = Best(), Best([look] if look else [])
    for cell_id, one in records.items():
        plain.take(one, PLACES[cell_id])
        at_looks.take(one, PLACES[cell_id])
    assert plain.cell_ids == set(build_tables(OF, fixed_cells(OF), records).best_cells().values())
    some = until(fixed_cells(OF), look)
    if look:
        used = {cell.cell_id: records[cell.cell_id] for cell in some}
        assert set(build_tables(OF, some, used).best_cells().values()) <= at_looks.cell_ids


@pytest.mark.parametrize("keep", ["none", "best", "all"])
def test_as_cells_end_only_what_is_kept_is_on_the_disk(keep: Keep, tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path, OF.name)
    earlier, cells = CELLS[0], CELLS[1:]
    records = {earlier.cell_id: ended(earlier, 0.99)}
    place(folder, earlier.cell_id)
    retention = Retention(folder, keep, looks=(), records=records, places=PLACES)
    most_at_once = []
    for number, cell in enumerate(cells):
        place(folder, cell.cell_id)
        (folder.cell(cell.cell_id) / "geometry.json").write_text("{}")
        records[cell.cell_id] = ended(cell, 0.2 + number / 100)
        retention.finished(cell, records[cell.cell_id])
        most_at_once.append(len(there(folder)))
    best = set(build_tables(OF, fixed_cells(OF), records).best_cells().values())
    expected = {"none": set(), "best": best, "all": {cell.cell_id for cell in cells}}[keep]
    assert there(folder) == expected | {earlier.cell_id}  # what had ended before this run is left alone
    assert keep == "all" or max(most_at_once) <= len(best) + 2
    assert len(list(folder.path.glob("cells/*/geometry.json"))) == len(cells)
    retention.end("best" if keep == "all" else "none", best)
    assert there(folder) == (best | {earlier.cell_id} if keep == "all" else {earlier.cell_id})


def test_a_cell_that_may_be_tried_again_keeps_its_checkpoint(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path, OF.name)
    retention = Retention(folder, "none", looks=(), records={}, places=PLACES)
    for cell, status in zip(CELLS, ("failed", "infrastructure", "diverged", "ok"), strict=False):
        place(folder, cell.cell_id)
        retention.finished(cell, ended(cell, 0.5, status))
    assert there(folder) == {cell.cell_id for cell in CELLS[:2]}
    assert not folder.cell(CELLS[3].cell_id).exists()


def test_a_folder_that_is_a_link_is_not_emptied(tmp_path: Path) -> None:
    folder, elsewhere = StudyFolder(tmp_path, OF.name), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "checkpoint.pt").write_bytes(b"mine")
    folder.cell(CELLS[0].cell_id).parent.mkdir(parents=True)
    folder.cell(CELLS[0].cell_id).symlink_to(elsewhere)
    retention = Retention(folder, "none", looks=(), records={}, places=PLACES)
    retention.finished(CELLS[0], ended(CELLS[0], 0.5))
    assert (elsewhere / "checkpoint.pt").read_bytes() == b"mine"


def test_what_models_need_stays_until_they_are_logged() -> None:
    assert [most(*pair) for pair in pairwise(["none", "best", "all", "none"])] == ["best", "all", "all"]  # type: ignore[arg-type]


@pytest.mark.slow
def test_with_none_kept_mlflow_has_its_models_and_the_records_are_the_same(tmp_path: Path) -> None:
    launches = Launches(tmp_path)
    given = ["--tracking-uri", "sqlite:///mlflow.db", "--keep-checkpoints", "none"]
    code, _, err = launches.run(*given)
    assert code == 0, err
    assert there(launches.store) == set()
    script = """
import json, mlflow
client = mlflow.MlflowClient("sqlite:///mlflow.db")
experiment = client.get_experiment_by_name("tiny").experiment_id
runs = client.search_runs([experiment], "tags.`ssc.role` = 'study'")
print(json.dumps([name for name in runs[0].data.tags if name.startswith("model/")]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert sorted(json.loads(done.stdout)) == ["model/fixmatch", "model/ssc"]
    code, out, err = launches.run(*given)
    assert code == 0, err
    assert "6 have a record" in out
