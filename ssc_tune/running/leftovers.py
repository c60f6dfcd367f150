"""What may be removed of a storage folder: nothing that records, registrations, reports or cells under way need."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ssc_tune.design.cells import Cell, placements
from ssc_tune.execution.execute import SCRATCH
from ssc_tune.records import Record, StudyFolder
from ssc_tune.records.store import PRETRAINED
from ssc_tune.running.retention import FINISHED, Best, Keep
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
    return [
        *(_as("checkpoints of finished cells", path) for path in _checkpoints(stored, keep)),
        *(_as("records that were tried again", path) for path in _tried_again(folder)),
        *(_as("damaged files that were set aside", path) for path in _below(folder.path, "*.damaged")),
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
    found = [path for path in _below(storage / PRETRAINED, "*", deep=False) if path.name.split(".")[0] not in named]
    return [_as("pre-trained encoders that no cell names", path) for path in found if _is_quiet(path)]


def remove(leftover: Leftover) -> bool:
    """Removes it, never what a link leads to; whether it is gone."""
    with contextlib.suppress(OSError):
        if leftover.path.is_dir() and not leftover.path.is_symlink():
            shutil.rmtree(leftover.path)
        else:
            leftover.path.unlink(missing_ok=True)
        if leftover.path.name == CHECKPOINT:
            leftover.path.parent.rmdir()
    return not leftover.path.exists()


def _as(kind: str, path: Path) -> Leftover:
    return Leftover(kind, path, _size(path))


def _checkpoints(stored: Kept, keep: Keep) -> Iterator[Path]:
    if keep == "all":
        return
    best, places = Best(), placements(list(stored.cells))
    for cell_id, record in stored.records.items():
        best.take(record, places.get(cell_id, ()))
    stay = best.cell_ids if keep == "best" else set()
    for cell_id, record in sorted(stored.records.items()):
        path = stored.folder.cell(cell_id) / CHECKPOINT
        if record.result.status in FINISHED and cell_id not in stay and not path.parent.is_symlink() and path.is_file():
            yield path


def _tried_again(folder: StudyFolder) -> Iterator[Path]:
    """Records put aside for another try, where that has its record; until then they tell what was known."""
    for path in _below(folder.records.directory, "*.json.retried", deep=False):
        if path.with_suffix("").is_file():
            yield path


def _partial(folder: Path) -> Iterator[Path]:
    return (path for path in _below(folder, ".*.partial") if _is_quiet(path))


def _scratch(folder: Path) -> Iterator[Path]:
    path = folder / SCRATCH
    if path.is_dir() and not path.is_symlink() and _is_quiet(path):
        yield path


def _below(folder: Path, pattern: str, *, deep: bool = True) -> list[Path]:
    """Files below a folder, without following links."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    found = folder.rglob(pattern) if deep else folder.glob(pattern)
    return sorted(path for path in found if not path.is_symlink() and path.is_file())


def _is_quiet(path: Path) -> bool:
    """Whether nothing of it was written lately."""
    with contextlib.suppress(OSError):
        return max(one.lstat().st_mtime for one in [path, *path.rglob("*")]) < time.time() - QUIET_SECONDS
    return False


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(one.lstat().st_size for one in ([path] if path.is_file() else path.rglob("*")))
    return 0
