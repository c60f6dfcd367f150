"""Files that are there whole or not at all, and what is done with those that are not."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """An open file that takes the place of ``path`` when the block ends; makes the folder if needed.

    The content is on the disk (fsync) before the name is given to it. A block that raises leaves ``path`` as it was and
    nothing beside it; a process that dies leaves a file ``.NAME.*.partial``. Permissions are those of any new file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with open(partial, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def digest(path: Path) -> str | None:
    """SHA-256 of a file's content, 64 hexadecimal digits; none if there is no such file, but a pipe or device."""
    if not path.is_file():
        return None
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        return None


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replaces ``path`` by ``content``, text as UTF-8 with its line ends as they are."""
    with replacing(path) as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def set_aside(path: Path) -> Path:
    """Renames a damaged file to ``NAME.damaged``, in the place of an earlier one, and returns that."""
    aside = path.with_name(f"{path.name}.damaged")
    os.replace(path, aside)
    return aside
