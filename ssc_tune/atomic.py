"""Files that are there whole or not at all, and what is done with those that are not."""

from __future__ import annotations

import errno
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
    with _partial(path) as (partial, file):
        yield file
        file.flush()
        os.fsync(file.fileno())
        os.replace(partial, path)


@contextmanager
def _partial(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file beside ``path``, gone after the block unless it was renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with open(partial, "xb") as file:
            yield partial, file
    finally:
        partial.unlink(missing_ok=True)


def create(path: Path, content: str | bytes) -> bool:
    """Writes ``content`` to ``path`` as a whole unless there is something already; whether it did.

    Of several processes that call it at once one succeeds, and nobody ever sees a part of the content. A file system
    without hard links gives the second promise only.
    """
    with _partial(path) as (partial, file):
        file.write(content if isinstance(content, bytes) else content.encode())
        file.flush()
        os.fsync(file.fileno())
        try:
            os.link(partial, path)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            if path.exists():
                return False
            os.replace(partial, path)
    return True


_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES)


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
