"""What may be removed of a storage folder: nothing that records, registrations, reports or cells under way need."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ssc_tune.design.cells import Cell, placements
from ssc_tune.execution.execute import SCRATCH
from ssc_tune.records import Record, StudyFolder
from ssc_tune.records.store import PRETRAINED
from ssc_tune.running.retention import FINISHED, Best, Keep
from ssc_tune.storage import Stat, opened
from ssc_tune.study.model.study import Study
from ssc_tune.training.result import CHECKPOINT

QUIET_SECONDS = 3600.0
"""What was written to more recently may be in use: a run that trains writes its scratch every ten minutes."""


class Leftover(NamedTuple):
    """A file or folder that nothing needs, and why it is there."""

    kind: str
    path: Path
    size: int  # bytes


class Kept(NamedTuple):
    """A study as it is stored."""

    study: Study
    folder: StudyFolder
    cells: Sequence[Cell]
    records: dict[str, Record]  # all that lie in its folder, those too that the study no longer uses


def leftovers(stored: Kept, keep: Keep) -> list[Leftover]:
    """What may be removed of a study."""
    folder = stored.folder
    there: dict[str, Stat] = {}
    for below in ("", "cells/", "records/"):  # each may be a link to another disk
        there |= folder.files.list(f"{folder.study}/{below}")
    found = {
        "checkpoints of finished cells": _checkpoints(stored, keep, there),
        "records that were tried again": _tried_again(folder, there),
        "damaged files that were set aside": [name for name in there if name.endswith(".damaged")],
    }
    return [
        *(Leftover(kind, folder.storage / name, there[name].size) for kind, names in found.items() for name in names),
        *(_as("files that a killed process left half written", path) for path in _partial(folder.path)),
        *(_as("Ray Tune's scratch of ended runs", path) for path in _scratch(folder.path)),
    ]


def encoders(storage: Path, studies: Sequence[Kept]) -> list[Leftover]:
    """Pre-trained encoders that no cell of any study names; ``studies`` are all of those below the storage."""
    named = {
        config.pretraining_id
        for stored in studies
        for config in [*(cell.config for cell in stored.cells), *(r.config for r in stored.records.values())]
        if config.pretrain is not None
    }
    if (storage / PRETRAINED).is_symlink():
        return []
    there = opened(storage).list(f"{PRETRAINED}/")
    kind, before = "pre-trained encoders that no cell names", time.time() - QUIET_SECONDS
    return [
        Leftover(kind, storage / name, stat.size)
        for name, stat in there.items()
        if name.count("/") == 1 and name.split("/")[1].split(".")[0] not in named and stat.time < before
    ]


def remove(leftover: Leftover, storage: Path) -> bool:
    """Removes it below the storage, never what a link leads to; whether it is gone."""
    try:
        if leftover.path.is_dir() and not leftover.path.is_symlink():
            shutil.rmtree(leftover.path)
        else:
            opened(storage).remove(leftover.path.relative_to(storage).as_posix())
    except OSError:
        return False
    if leftover.path.name == CHECKPOINT:
        with contextlib.suppress(OSError):
            leftover.path.parent.rmdir()
    return not leftover.path.exists()


def _as(kind: str, path: Path) -> Leftover:
    return Leftover(kind, path, _size(path))


def _checkpoints(stored: Kept, keep: Keep, there: Collection[str]) -> Iterator[str]:
    if keep == "all":
        return
    best, places = Best(), placements(list(stored.cells))
    for cell_id, record in stored.records.items():
        best.take(record, places.get(cell_id, ()))
    stay = best.cell_ids if keep == "best" else set()
    for cell_id, record in sorted(stored.records.items()):
        name = stored.folder.name_of(cell_id, CHECKPOINT)
        if record.result.status in FINISHED and cell_id not in stay and name in there:
            yield name


def _tried_again(folder: StudyFolder, there: Collection[str]) -> Iterator[str]:
    """Records put aside for another try, where that has its record; until then they tell what was known."""
    for name in there:
        record, _, why = name.rpartition(".")
        if why == "retried" and name.startswith(f"{folder.study}/records/") and record in there:
            yield name


def _partial(folder: Path) -> list[Path]:
    """Files below a folder, without following links."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    there = sorted(path for path in folder.rglob(".*.partial") if not path.is_symlink() and path.is_file())
    return [path for path in there if _is_quiet(path)]


def _scratch(folder: Path) -> Iterator[Path]:
    path = folder / SCRATCH
    if path.is_dir() and not path.is_symlink() and _is_quiet(path):
        yield path


def _is_quiet(path: Path) -> bool:
    """Whether nothing of it was written lately."""
    with contextlib.suppress(OSError):
        return max(one.lstat().st_mtime for one in [path, *path.rglob("*")]) < time.time() - QUIET_SECONDS
    return False


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(one.lstat().st_size for one in ([path] if path.is_file() else path.rglob("*")))
    return 0
