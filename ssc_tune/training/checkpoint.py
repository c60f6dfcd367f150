"""Checkpoints: written whole or not at all, sealed by a checksum, read without running code from them."""

from __future__ import annotations

import contextlib
import hashlib
import io
from pathlib import Path
from typing import Any, BinaryIO

import torch

from ssc_tune.atomic import replacing, set_aside

_SEAL = b"\nssc_tune sha256 "
_SEAL_SIZE = len(_SEAL) + 64


def save(path: Path, content: dict[str, Any]) -> None:
    """Writes ``content`` to ``path``, the file before it standing until the new one is on the disk."""
    with replacing(path) as file:
        hashing = _Hashing(file)
        torch.save(content, hashing)  # type: ignore[arg-type]
        file.write(_SEAL + hashing.sha256.hexdigest().encode())


class _Hashing:
    """What is written goes to a file and into a checksum."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.sha256 = file, hashlib.sha256()

    def write(self, part: bytes) -> int:
        self.sha256.update(part)
        return self._file.write(part)

    def flush(self) -> None:
        self._file.flush()


def load(path: Path, *, cell_id: str, device: torch.device) -> dict[str, Any] | None:
    """The content of a checkpoint of this cell; none if there is no file.

    Raises:
        ValueError: the file belongs to another cell, is not what was written, or has no checksum, as those from
            before checksums were kept; it names the file and what to do.
        OSError: the disk does not give it.
    """
    try:
        whole = path.read_bytes()
    except FileNotFoundError:
        return None
    body, seal = whole[:-_SEAL_SIZE], whole[-_SEAL_SIZE:]
    try:
        if seal != _SEAL + hashlib.sha256(body).hexdigest().encode():
            raise ValueError("its checksum does not match")
        content: dict[str, Any] = torch.load(io.BytesIO(body), map_location=device, weights_only=True)
        if not isinstance(content, dict):
            raise TypeError(f"it holds a {type(content).__name__}")
    except Exception as error:
        raise ValueError(f"{path}: not a readable checkpoint ({error}); remove it to train from the start") from error
    if content.get("cell_id") != cell_id:
        raise ValueError(f"{path}: checkpoint of cell {content.get('cell_id')}, not of {cell_id}")
    return content


def load_or_set_aside(path: Path, *, cell_id: str, device: torch.device) -> dict[str, Any] | None:
    """Like :func:`load`, but what is not a checkpoint of this cell is renamed to ``<name>.damaged`` and counts as none.

    Raises:
        OSError: the disk does not give it.
    """
    try:
        return load(path, cell_id=cell_id, device=device)
    except ValueError:
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            set_aside(path)
        return None
