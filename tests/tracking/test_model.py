"""The best cell of each method as an MLflow model that predicts what the cell was scored on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssc_tune import data
from ssc_tune.design import Placement
from ssc_tune.records import Record, StudyFolder
from ssc_tune.tracking import models_of, sync
from ssc_tune.training import CellConfig, train
from tests.making.studies import TRACKED, study
from tests.making.tracked import analysis, cell
from tests.tracking.store_view import cells as cell_runs
from tests.tracking.store_view import dump, runs


def trained(method: str, folder: StudyFolder) -> tuple[Record, list[Placement]]:
    """A cell of two steps with its checkpoint and its true result."""
    config = CellConfig.model_validate(
        {
            "data": {"name": "digits"},
            "model": {"name": "wrn-10-1"},
            "training": {"steps": 2, "evaluations": 1},
            "method": method,
            "hyperparameters": {"batch_size": 8, "mu": 1, "tau": 0.95, "learning_rate": 0.03},
            "seed": 0,
        }
    )
    result = train(config, directory=folder.cell(config.cell_id), device="cpu")
    record, placements = cell(method)
    return record.model_copy(update={"config": config, "cell_id": config.cell_id, "result": result}), placements


def test_checkpoints_are_found_here_or_in_a_sibling_study(tmp_path: Path) -> None:
    records = [cell(method)[0] for method in ("fixmatch", "ssc")]
    own, other = StudyFolder(tmp_path, "own"), StudyFolder(tmp_path, "other")
    by_id = {record.cell_id: record for record in records}
    best = {record.config.method: record.cell_id for record in records}
    found, (line,) = models_of(own, by_id, "all", best)
    assert found == {}
    assert line.startswith("models: 2 of 2 cells have no checkpoint any more")
    for folder, record in zip((own, other), records, strict=True):
        folder.cell(record.cell_id).mkdir(parents=True)
        (folder.cell(record.cell_id) / "checkpoint.pt").write_bytes(b"weights")
    found, lines = models_of(own, by_id, "best", best)
    assert {name: path.parents[2].name for name, (_, path) in found.items()} == {"fixmatch": "own", "ssc": "other"}
    assert lines == []
    assert len(models_of(own, by_id, "all", best)[0]) == 2
    assert models_of(own, by_id, "none", best) == ({}, [])


def test_a_logged_model_predicts_new_images_and_twice_changes_nothing(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.chdir(tmp_path)
    folder = StudyFolder(tmp_path, "stability")
    pairs = [trained(method, folder) for method in ("fixmatch", "ssc")]
    by_id = {record.cell_id: record for record, _ in pairs}
    models, _ = models_of(folder, by_id, "best", {record.config.method: key for key, record in by_id.items()})
    assert set(models) == {"fixmatch", "ssc"}

    def write() -> Any:
        return sync(study(TRACKED), pairs, analysis(study(TRACKED)), [], uri=uri, directory=folder.path, models=models)

    assert write().problems == ()
    before, files = dump(tmp_path / "mlflow.db"), sorted((tmp_path / "mlartifacts").rglob("*"))
    assert write()[:4] == (0, 0, 2, ())
    assert dump(tmp_path / "mlflow.db") == before
    assert sorted((tmp_path / "mlartifacts").rglob("*")) == files
    assert not [path for path in files if path.name in ("uv.lock", "python_model.pkl")]

    mlflow.set_tracking_uri(uri)
    parent = next(run for run in runs(uri, "stability") if run.data.tags["ssc.role"] == "study")
    digits = data.load("digits")
    images, labels = digits.test_images.numpy(), digits.test_labels.numpy()
    for record, _ in pairs:
        method = record.config.method
        address = parent.data.tags[f"model/{method}"]
        model = mlflow.pyfunc.load_model(address)
        predicted = model.predict(images)
        assert predicted.shape == (500,)
        assert np.mean(predicted == labels) == pytest.approx(record.result.test_accuracy)
        scores = model.predict(images[:7], params={"scores": True})
        assert np.array_equal(scores.argmax(axis=1), predicted[:7])
        info = mlflow.models.get_model_info(address)
        assert info.signature.inputs.input_types() == [np.dtype(np.uint8)]
        assert info.saved_input_example_info is not None
        assert mlflow.get_logged_model(address.removeprefix("models:/")).source_run_id == (
            cell_runs(uri)[record.cell_id].info.run_id
        )
        with pytest.raises(Exception, match=r"shape|schema|Incompatible"):
            model.predict(images[:, :, :5])
