"""Logs that grow by whole lines, and lines that carry their checksum."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def append_line(path: Path, text: str) -> None:
    """Appends one line to ``path`` and waits until the disk has it; a torn last line is ended first, not continued."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+b") as file:
        torn = False
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            torn = file.read(1) != b"\n"
        file.write((b"\n" if torn else b"") + text.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def sealed(key: str, body: str) -> str:
    """One line of JSON: ``body``, itself JSON, under ``key``, behind its SHA-256."""
    return f'{{"checksum":"{hashlib.sha256(body.encode()).hexdigest()}","{key}":{body}}}'


def unsealed(key: str, line: str) -> str:
    """The body of a line from :func:`sealed`, without its line end.

    Raises:
        ValueError: it is not what was written.
    """
    _, separator, rest = line.partition(f',"{key}":')
    body = rest[:-1]
    if not separator or line != sealed(key, body):
        raise ValueError("checksum does not match")
    return body
