"""The weights of a cell as an MLflow model, loadable by ``mlflow.pyfunc.load_model`` and usable on new images.

torch is not needed to write one: the checkpoint is taken as it is (weights, their moving average, optimizer state),
which spares the driver seconds and hundreds of MB of import, for a file about three times as large as the weights.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from ssc_tune import __version__, data
from ssc_tune.records import Record, StudyFolder
from ssc_tune.tracking import content
from ssc_tune.tracking.client import mlflow
from ssc_tune.training.result import CHECKPOINT

Which = Literal["none", "best", "all"]
Models = Mapping[str, tuple[Record, Path]]
"""Cells to log as models, with their checkpoints, by the name that the model gets."""

_PACKAGES = ("torch", "torchvision", "numpy", "pydantic", "scikit-learn")


def models_of(
    folder: StudyFolder, records: Mapping[str, Record], which: Which, best: Mapping[str, str]
) -> tuple[dict[str, tuple[Record, Path]], list[str]]:
    """The cells to log, with their checkpoints: none, the best of each method under the method's name, or all.

    A cell that another study in the same storage folder has trained has its checkpoint there. Cells without one are
    left out, which the second part says in a line, and so are those of methods of the user's own, which load as they
    like.

    ``records`` are by cell id, ``best`` from :meth:`ssc_tune.analysis.tables.Tables.best_of_methods`.
    """
    ours = {key: record for key, record in records.items() if record.config.own is None and which != "none"}
    chosen = best if which == "best" else {f"{record.config.method}-{key}": key for key, record in ours.items()}
    kept = {name: (ours[key], _checkpoint(folder, key)) for name, key in chosen.items() if key in ours}
    found = {name: (record, path) for name, (record, path) in kept.items() if path is not None}
    lost = f"{len(kept) - len(found)} of {len(kept)} cells have no checkpoint any more (--keep-checkpoints); left out"
    return found, [f"models: {lost}"] if len(found) < len(kept) else []


def _checkpoint(folder: StudyFolder, cell_id: str) -> Path | None:
    others = sorted(path.name for path in folder.storage.glob("*/") if path.name != folder.study)
    for study in (folder.study, *others):
        name = f"{study}/cells/{cell_id}/{CHECKPOINT}"
        folder.files.fetch(name)
        if (folder.storage / name).is_file():
            return folder.storage / name
    return None


def model_digest(record: Record, checkpoint: Path) -> str:
    """16 hexadecimal digits over the record and the checkpoint's bytes."""
    digest = hashlib.sha256(content.record_digest(record).encode())
    digest.update(checkpoint.read_bytes())
    return digest.hexdigest()[:16]


def save_model(record: Record, checkpoint: Path, directory: Path) -> None:
    """Writes the MLflow model of a cell into ``directory``, which must not exist.

    Its signature is uint8 (N, C, H, W) to int64 (N,); its parameter ``scores`` (false by default) asks for class scores
    instead. The input example is one black image. Requirements are those that the record was made with; nothing is
    looked up on a network.
    """
    types = mlflow.types
    shape = data.info(record.config.data.source).image_shape
    signature = mlflow.models.ModelSignature(
        inputs=types.Schema([types.TensorSpec(np.dtype(np.uint8), (-1, *shape))]),
        outputs=types.Schema([types.TensorSpec(np.dtype(np.int64), (-1,))]),
        params=types.ParamSchema([types.ParamSpec("scores", "boolean", False)]),
    )
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.json"
        config.write_text(record.config.model_dump_json(indent=2), encoding="utf-8")
        mlflow.pyfunc.save_model(
            directory,
            python_model=str(Path(__file__).with_name("served_model.py")),
            artifacts={"checkpoint": str(checkpoint), "config": str(config)},
            signature=signature,
            input_example=np.zeros((1, *shape), dtype=np.uint8),
            pip_requirements=_requirements(record),
            metadata={"cell_id": record.cell_id, "method": record.config.method},
        )


def _requirements(record: Record) -> list[str]:
    versions = record.versions
    named = [f"{name}=={versions[name].partition('+')[0]}" if name in versions else name for name in _PACKAGES]
    return [f"ssc-tune=={versions.get('ssc_tune', __version__)}", *named]


def log_model(
    client: mlflow.MlflowClient, experiment_id: str, run_id: str, name: str, record: Record, checkpoint: Path
) -> str:
    """Makes a logged model of a cell, with the cell's run as its source; returns its id.

    Load it by ``mlflow.pyfunc.load_model("models:/<id>")``.
    """
    status = mlflow.entities.LoggedModelStatus
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "model"
        save_model(record, checkpoint, directory)
        model = client.create_logged_model(
            experiment_id,
            name=name,
            source_run_id=run_id,
            tags={"cell_id": record.cell_id, "method": record.config.method},
            params=content.parameters(record.config),
        )
        try:
            client.log_model_artifacts(model.model_id, str(directory))
        except BaseException:
            client.finalize_logged_model(model.model_id, status.FAILED)
            raise
        client.finalize_logged_model(model.model_id, status.READY)
    return str(model.model_id)
