"""Logs that grow by whole lines, written to where they lie.

What is replaced as a whole (:mod:`ssc_tune.atomic`) takes the place of a link; what is written to where it lies would
write through one, into any file that this user may change. Such files are opened by :func:`never_a_link`.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from ssc_tune.errors import InputError


def never_a_link(path: str | Path, flags: int) -> int:
    """Opens a file, as an ``opener`` of ``open``, unless its name is a symbolic link.

    Raises:
        InputError: it is a link.
    """
    try:
        return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP and os.path.islink(path):
            raise _refused(path) from None
        raise


def refuse_link(path: Path) -> None:
    """Says at once what :func:`never_a_link` would say later, in the middle of something else.

    Raises:
        InputError: it is a link.
    """
    if path.is_symlink():
        raise _refused(path)


def _refused(path: str | Path) -> InputError:
    return InputError(f"{path}: a link, which is not followed; allowed: a file of its own, or none")


def append_line(path: Path, text: str) -> None:
    """Appends one line to ``path`` and waits until the disk has it; a torn last line is ended first, not continued.

    Raises:
        InputError: ``path`` is a link.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+b", opener=never_a_link) as file:
        torn = False
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            torn = file.read(1) != b"\n"
        file.write((b"\n" if torn else b"") + text.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
