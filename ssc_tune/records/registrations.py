"""Registrations: which plans stood, and since when.

``<storage>/<study>/registrations.jsonl`` has a line a registration, each with its checksum; lines are only ever added.
Together with the hashes in each record they tell what was known when a plan was made.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from ssc_tune.atomic import write_atomically
from ssc_tune.frozen import Frozen
from ssc_tune.records.files import sealed, unsealed
from ssc_tune.records.store import CorruptRecord, StudyFolder
from ssc_tune.study.registration import SHOWN, hash_of

FILE = "registrations.jsonl"


class Registration(Frozen):
    """One plan, and when it was registered."""

    schema_version: Literal[1] = 1
    hash: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the plan's canonical JSON.")
    time: float = Field(description="Seconds since the epoch.")
    study: str = Field(description="The study that registered it.")
    version: str = Field("", description="Version of ssc_tune.")
    plan: dict[str, Any] = Field(description="What was registered; see ssc_tune.study.registration.")

    @property
    def short(self) -> str:
        """The hash as it is shown."""
        return self.hash[:SHOWN]

    @property
    def when(self) -> str:
        """``2026-11-23 21:11:05 UTC``."""
        return moment(self.time)


def moment(time: float) -> str:
    """A time in seconds since the epoch, as ``2026-11-23 21:11:05 UTC``."""
    return f"{datetime.datetime.fromtimestamp(time, tz=datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"


def register(folder: StudyFolder, registration: Registration) -> None:
    """Adds a registration to those of its study."""
    name = f"{folder.study}/{FILE}"
    folder.files.fresh(name)
    _cut_torn_tail(folder.path / FILE)
    folder.files.append(name, sealed("registration", registration.model_dump_json()))


def registered(folder: StudyFolder) -> tuple[list[Registration], list[str]]:
    """A study's registrations in their order, and what is wrong with its file, a line each.

    A last line that was torn while it was written is left out without a word: nothing has relied on it.
    """
    return _read(folder.path / FILE)


def registered_below(storage: Path) -> tuple[Registration, ...]:
    """The sound registrations of every study below a storage folder, the earliest first."""
    found = [one for path in sorted(storage.glob(f"*/{FILE}")) for one in _read(path)[0]]
    return tuple(sorted(found, key=lambda one: one.time))


def standing(storage: Path, cell_id: str) -> tuple[str, ...]:
    """Hashes of the registrations that stand and stood before anything was known of a cell below the storage.

    Where a study has a record of the cell, one put aside to try again, or has begun it, only what stood then counts.
    """
    hashes = {one.hash for one in registered_below(storage)}
    for path in sorted(storage.glob("*/")):
        for earlier in _begun(StudyFolder(storage, path.name), cell_id):
            hashes &= earlier
    return tuple(sorted(hashes))


def _begun(folder: StudyFolder, cell_id: str) -> Iterator[set[str]]:
    """Of each trace of a cell in a study's folder, the registrations that stood when it was left."""
    for why in ("", "retried"):
        try:
            record = folder.records.read(cell_id, aside=why)
        except CorruptRecord:  # nobody knows any more what it said
            continue
        if record is not None:
            yield set(record.registrations)
    under_way = folder.standing_at_start(cell_id)
    if under_way is not None:
        yield set(under_way)


def _read(path: Path) -> tuple[list[Registration], list[str]]:
    try:
        state = path.stat()
    except FileNotFoundError:
        return [], []
    found, problems = _read_once(path, (state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size))
    return list(found), list(problems)


@functools.lru_cache(maxsize=1024)
def _read_once(path: Path, state: tuple[int, ...]) -> tuple[tuple[Registration, ...], tuple[str, ...]]:
    """Read again only when the file has changed: every cell that is started asks."""
    lines = path.read_bytes().split(b"\n")
    found, problems = [], []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            found.append(_parse(line))
        except ValueError as error:
            if number < len(lines):
                problems.append(f"{path}: line {number}: {error}")
    return tuple(found), tuple(problems)


def _parse(line: bytes) -> Registration:
    """A line's registration.

    Raises:
        ValueError: it is not what was written, or its plan has another hash.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise ValueError("not text") from None
    body = unsealed("registration", text)
    try:
        found = Registration.model_validate_json(body)
    except ValidationError as error:
        raise ValueError(f"{error.error_count()} fields are not valid") from None
    if hash_of(found.plan) != found.hash:
        raise ValueError(f"the plan does not hash to {found.short}")
    return found


def _cut_torn_tail(path: Path) -> None:
    """Takes away the beginning of a line that was never finished, so that it is not taken for damage later."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole, _, tail = content.rpartition(b"\n")
    if not tail:
        return
    try:
        _parse(tail)
    except ValueError:
        write_atomically(path, whole + b"\n" if whole else b"")
