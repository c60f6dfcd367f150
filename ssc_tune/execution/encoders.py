"""Pre-trained encoders between machines that share no folder: the one that is in the storage is everyone's."""

from __future__ import annotations

import contextlib

import filelock

from ssc_tune.records import StudyFolder
from ssc_tune.records.store import PRETRAINED
from ssc_tune.training import pretrain
from ssc_tune.training.config import CellConfig
from ssc_tune.training.hardware import resolve_device


def share_encoder(folder: StudyFolder, config: CellConfig) -> None:
    """Gets the encoder that a cell starts from out of a storage elsewhere; where there is none it is trained for it.

    Machines that train one at the same time may differ in rounding, and cells of one seed must start from the same
    weights. So the first that comes into the storage stands, and the others are thrown away.

    Raises:
        Unreachable: the storage does not answer.
    """
    if config.pretrain is None or not folder.files.is_copy:
        return
    name = f"{PRETRAINED}/{config.pretraining_id}.pt"
    path = folder.storage / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(path.with_suffix(".share.lock")):
        if path.exists():  # only what the storage has gets this name
            return
        with contextlib.suppress(FileNotFoundError):
            folder.files.get(name, path)
            return
        own = path.parent / "own"
        pretrain.encoder_state(config, device=resolve_device("auto"), folder=own)
        folder.files.create(name, (own / path.name).read_bytes())
        (own / path.name).unlink()
