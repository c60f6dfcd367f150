"""What was seen of one's own data, kept so that they are looked at once as long as they do not change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ssc_tune import atomic
from ssc_tune.atomic import write_atomically
from ssc_tune.data import cache
from ssc_tune.data.facts import DatasetInfo, SourceError, Survey

DIGITS = 16
"""Hexadecimal digits of a fingerprint."""


_SURVEYED = 5
"""Leading fields of ``DatasetInfo`` that are seen in data; the others are of registered sets."""


def existing(path: str | None, kind: str) -> Path:
    """The place that ``data.path`` names.

    Raises:
        SourceError: none is given, or there is nothing.
    """
    if path is None:
        raise SourceError("path", f"the key is missing; needed by {kind}")
    place = Path(path)
    if not place.exists():
        raise SourceError("path", f"nothing at {place}")
    return place


def signature(files: Sequence[Path]) -> list[tuple[str, int, int]]:
    """Name, size and time of change of each file: what is looked at before its content is."""
    stats = [(file, file.stat()) for file in files]
    return [(str(file), stat.st_size, stat.st_mtime_ns) for file, stat in stats]


def surveyed(seen: list[Any], size: int | None, look: Callable[[], Survey]) -> Survey:
    """What ``look`` finds, or found before for the same ``seen``."""
    text = json.dumps([seen, size])
    file = _folder() / f"seen-{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
    if file.is_file():
        return _read(file)
    found = look()
    keep(found, size, file)
    return found


def keep(found: Survey, size: int | None, *files: Path) -> None:
    """Writes what was found, under its fingerprint too."""
    content = json.dumps([found.fingerprint, found.info[:_SURVEYED]])
    try:
        for file in (*files, _by_fingerprint(found.fingerprint, size)):
            write_atomically(file, content)
    except OSError as error:
        raise SourceError(
            "path", f"{cache.folder()} cannot be written; {cache.VARIABLE} names another folder"
        ) from error


def kept(fingerprint: str | None, size: int | None) -> Survey | None:
    """What was found when data had this fingerprint; none if that is not known here."""
    file = _by_fingerprint(fingerprint or "none", size)
    return _read(file) if file.is_file() else None


def _folder() -> Path:
    return cache.folder() / "surveys"


def _by_fingerprint(fingerprint: str, size: int | None) -> Path:
    return _folder() / f"{fingerprint}-{size or 'own'}.json"


def _read(file: Path) -> Survey:
    fingerprint, (reader, shape, counts, test_size, unlabelled) = json.loads(file.read_text(encoding="utf-8"))
    return Survey(fingerprint, DatasetInfo(reader, tuple(shape), tuple(counts), test_size, unlabelled))


def digest(parts: Sequence[bytes | memoryview]) -> str:
    """A fingerprint of parts, each of which counts as one."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.hexdigest()[:DIGITS]


def of_file(file: Path) -> bytes:
    """SHA-256 of a file's content.

    Raises:
        SourceError: the file is gone.
    """
    found = atomic.digest(file)
    if found is None:
        raise SourceError("path", f"{file} is gone")
    return bytes.fromhex(found)
