"""Logs that grow by whole lines."""

from __future__ import annotations

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
