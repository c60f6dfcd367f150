"""Whether the report that is there is the one that would be written: a run that trains nothing need not write it again.

Beside the report stands what it was made of: program, study, command, and name, time, size and inode of every record
and file of registrations, and of the files of the report themselves. It is a note and no truth: where anything of it
has changed, or cannot be read, the report is written.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import ssc_tune
from ssc_tune.records import StudyFolder
from ssc_tune.records.registrations import FILE
from ssc_tune.study.model.study import Study

NOTE = "report_made_of.json"
_LIBRARIES = (
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "optuna",
    "statsmodels",
    "mlxtend",
    "altair",
    "vl-convert-python",
)
"""Which decide what an analysis finds and how it is drawn."""


def made_of(study: Study, folder: StudyFolder, cell_ids: Iterable[str], said: Sequence[str]) -> str:
    """A digest of all that a report is made of.

    Args:
        study: the study.
        folder: its folder.
        cell_ids: the cells whose records are in the report; one that has none here has its record elsewhere.
        said: further texts that stand in it, as the command.
    """
    storage = folder.storage
    parts = [
        _program(),
        study.model_dump_json(by_alias=True),
        *said,
        *(_state(path) for path in sorted(storage.glob(f"*/{FILE}"))),
        *_states(folder.records.directory, {folder.records.path(cell_id).name for cell_id in cell_ids}),
    ]
    return _digest(json.dumps(parts).encode())


def note(folder: StudyFolder, digest: str, files: Sequence[Path]) -> None:
    """Keeps what a report was made of, and its files as they are now."""
    states = {path.relative_to(folder.path).as_posix(): _state(path) for path in files}
    folder.write_json(NOTE, {"made_of": digest, "files": states, "records": _contents(folder.records.directory)})


def same_records(folder: StudyFolder) -> bool:
    """Whether the records hold what they held when the report was made, though times say nothing, as of a copy."""
    try:
        return bool(folder.read_json(NOTE)["records"] == _contents(folder.records.directory))
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return False


def _contents(directory: Path) -> str:
    told = (f"{path.name} {_digest(path.read_bytes())}" for path in sorted(directory.glob("*.json")))
    return _digest("\n".join(told).encode())


def written(folder: StudyFolder, digest: str) -> list[Path] | None:
    """The files of the report that is there, if it is made of the same and nobody has touched them; else none."""
    try:
        kept = folder.read_json(NOTE)
        files = kept["files"]
        assert isinstance(files, dict)
        paths = {folder.path / name: state for name, state in files.items()}
        same = kept["made_of"] == digest and all(_state(path) == state for path, state in paths.items())
    except (OSError, ValueError, RecursionError, KeyError, AssertionError):  # torn, or another version's
        return None
    return list(paths) if same else None


def _states(directory: Path, names: set[str]) -> list[str]:
    if not directory.is_dir():
        return []
    with os.scandir(directory) as entries:
        return sorted(_told(entry.name, entry.stat()) for entry in entries if entry.name in names)


def _state(path: Path) -> str:
    return _told(path.name, path.stat())


def _told(name: str, found: os.stat_result) -> str:
    return f"{name} {found.st_mtime_ns} {found.st_size} {found.st_ino}"


@cache
def _program() -> str:
    """A digest of this package's files and the versions of the libraries that decide a report."""
    package = Path(ssc_tune.__file__).parent
    files = [path for path in sorted(package.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    sources = [f"{path.relative_to(package)} {_digest(path.read_bytes())}" for path in files]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES]
    return _digest("\n".join([platform.python_version(), *versions, *sources]).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
