"""Enlarging and changing a study: what is old, reused and new, with made-up records instead of training."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ssc_tune import run, running
from ssc_tune.design.cells import fixed_cells
from ssc_tune.running import Options, StudyPlan
from ssc_tune.running.changes import stored_study
from ssc_tune.study.model.study import Study
from tests.making.records import put, record
from tests.making.studies import PARAMETERS, study


class Kept:
    """A storage folder whose studies were run by magic."""

    def __init__(self, folder: Path) -> None:
        self.options = Options(storage=folder)

    def run(self, of: Study) -> int:
        """Writes the records that a run would; returns their number."""
        folder = running.folder_of(of, self.options)
        progress = running.survey(of, self.options, adopt=True)
        new = {c.cell_id: c for c in progress.cells if c.cell_id not in progress.records}
        for cell in new.values():
            put(folder, record(cell, study=of.name))
        folder.write_json("study.json", stored_study(of, "command"))
        return len(new)

    def look(self, of: Study, **options: Any) -> StudyPlan:
        return running.survey(of, replace(self.options, **options))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    found = Kept(tmp_path / "runs")
    found.run(study())
    return found


def num_cells(of: Study) -> int:
    return len({cell.cell_id for cell in fixed_cells(of)})


def test_a_study_that_was_run_has_nothing_new(kept: Kept) -> None:
    found = kept.look(study())
    assert found.num_new == 0
    assert len(found.records) == found.num_total == num_cells(study())
    assert list(found.changes.lines()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"design": {"type": "sobol", "points": 8}},
        {"seeds": 4},
        {"methods": ["fixmatch", "ssc", "supervised"]},
        {"blocks": {"shared": {"parameters": ["learning_rate", "tau"]}, "rates": {"parameters": ["learning_rate"]}}},
        {"settings": {"main": {}, "few": {"data": {"labels_per_class": 1}}}},
        {"claims": [{"name": "c", "less": "ssc", "than": "fixmatch", "in": "std"}], "description": "other"},
    ],
)
def test_what_was_run_is_not_run_again(kept: Kept, change: dict[str, Any]) -> None:
    before = {path.stem for path in running.folder_of(study(), kept.options).records.directory.iterdir()}
    larger = study(**change)
    found = kept.look(larger)
    ids = {cell.cell_id for cell in fixed_cells(larger)}
    assert found.num_new == len(ids - before)
    assert set(found.records) == ids & before
    assert found.changes.deciding == []  # nothing that was there is touched
    assert kept.run(larger) == found.num_new
    assert kept.look(larger).num_new == 0


def test_raising_the_seeds_runs_the_new_seeds(kept: Kept) -> None:
    found = kept.look(study(seeds=3))
    new = [cell for cell in found.cells if cell.cell_id not in found.records]
    assert {cell.placement.seed for cell in new} == {2}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"training": {"steps": 9, "evaluations": 2}}, "training.steps: 6 -> 9"),
        ({"hyperparameters": {"batch_size": 16}}, "hyperparameters.batch_size: 8 -> 16"),
        ({"hyperparameters": {"batch_size": 8, "momentum": 0.5}}, "hyperparameters.momentum: none -> 0.5"),
        ({"methods": {"fixmatch": {}, "ssc": {"prototype_weight": 0.5}}}, "methods.ssc.prototype_weight: none -> 0.5"),
        ({"data": {"labels_per_class": 2}}, "data.labels_per_class: 4 -> 2"),
        ({"design": {"type": "sobol", "points": 4, "seed": 1}}, "design.seed: 0 -> 1"),
        (
            {"search_space": {"parameters": PARAMETERS | {"tau": PARAMETERS["tau"] | {"low": 0.5}}}},
            "search_space.tau.low: 0.6 -> 0.5",
        ),
    ],
)
def test_a_change_that_decides_results_is_said(kept: Kept, change: dict[str, Any], words: str) -> None:
    found = kept.look(study(**change))
    assert found.num_new > 0
    assert found.changes.deciding == [words]
    assert words in "\n".join(found.changes.lines())


def test_a_new_reason_or_text_is_no_change(kept: Kept) -> None:
    parameters = PARAMETERS | {"tau": PARAMETERS["tau"] | {"reason": "because"}}
    found = kept.look(study(search_space={"parameters": parameters}, description="new"))
    assert found.num_new == 0
    assert list(found.changes.lines()) == []


def test_another_version_of_the_training_is_said(kept: Kept) -> None:
    folder = running.folder_of(study(), kept.options)
    folder.write_json("study.json", {**folder.read_json("study.json"), "semantics": 0})
    assert "version of the training semantics: 0 -> " in kept.look(study()).changes.deciding[0]


def test_a_grid_names_the_points_it_adds(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    blocks = {"shared": {"parameters": ["learning_rate", "tau"]}}
    small = study(design={"type": "grid", "levels": {"tau": [0.9, 0.95]}}, blocks=blocks)
    large = study(design={"type": "grid", "levels": {"tau": [0.9, 0.95, 0.99], "learning_rate": [0.03]}}, blocks=blocks)
    kept.run(small)
    found = kept.look(large)
    assert found.changes.deciding == []
    assert found.changes.added == ["point 3 of block shared: learning_rate 0.03, tau 0.99"]
    assert found.num_new == 2 * 2  # methods, seeds
    kept.run(large)
    assert kept.look(small).changes.removed == 1


def test_cells_of_other_studies_are_reused_and_not_copied_by_looking(kept: Kept) -> None:
    other = study(name="other", seeds=3)
    found = kept.look(other)
    assert len(found.reused) == num_cells(study())
    assert set(found.reused) <= set(found.records)
    assert found.num_new == num_cells(other) - num_cells(study())
    assert not (kept.options.storage / "other").exists()
    kept.run(other)
    after = kept.look(other)
    assert (after.num_new, len(after.reused)) == (0, 0)  # now they are its own


def test_failed_cells_count_as_done_unless_they_are_to_be_tried_again(kept: Kept) -> None:
    cell = fixed_cells(study())[0]
    folder = running.folder_of(study(), kept.options)
    for status, plain, retrying in (("failed", 0, 1), ("infrastructure", 1, 1), ("diverged", 0, 0)):
        put(folder, record(cell, status=status))  # type: ignore[arg-type]
        assert kept.look(study()).num_new == plain
        assert kept.look(study(), retry_failed=True).num_new == retrying


def test_a_damaged_record_is_new_again(kept: Kept) -> None:
    cell = fixed_cells(study())[0]
    store = running.folder_of(study(), kept.options).records
    store.path(cell.cell_id).write_text("{")
    found = kept.look(study())
    assert found.num_new == 1
    assert "counts as not run" in found.problems[0]


def test_dry_run_shows_old_reused_and_new_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = Kept(tmp_path / "runs")
    kept.run(study(name="first"))
    mine = study(name="mine", seeds=1)
    kept.run(mine)
    larger = study(name="mine", seeds=3, training={"steps": 6, "evaluations": 2})
    Path("mine.yaml").write_text(json.dumps(larger.model_dump(mode="json", by_alias=True, exclude={"settings"})))
    before = sorted(tmp_path.rglob("*"))
    assert run.main(["mine.yaml", "--dry-run", "--set", "resources.max_parallel=1"]) == 0  # measures in one process
    said = capsys.readouterr().out
    own, reused = num_cells(mine), num_cells(study(name="first")) - num_cells(mine)
    new = num_cells(larger) - own - reused
    assert f"{own} have a record, {reused} are taken over from other studies, {new} are new" in said
    assert sorted(tmp_path.rglob("*")) == before
