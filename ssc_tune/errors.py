"""Errors that a user can mend: shown as one line each, without a traceback."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence


class InputError(ValueError):
    """Something the user wrote is wrong.

    Args:
        problems: one line each, ``file:line: path.to.key: what is wrong; allowed: ...``.
    """

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class Unreachable(OSError):
    """An object store that does not answer, or refuses; the message says which and why, in one line."""

    def __init__(self, text: str) -> None:
        super().__init__(errno.EREMOTEIO, text)

    def __str__(self) -> str:
        return str(self.strerror)


def cause(error: BaseException) -> str:
    """What an error comes from, in one line: the first of its chain, without what libraries wrap around it."""
    first = error
    while first.__cause__ is not None:
        first = first.__cause__
    text = next((line.strip() for line in str(first).splitlines() if line.strip()), "")
    return text[:300] if isinstance(first, InputError) else f"{type(first).__name__}: {text[:300]}".removesuffix(": ")


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ADVICE = {
    **dict.fromkeys(_FULL, "; what is recorded is kept: make room, and give the same command again"),
    errno.EISDIR: ": a file of this name is to be written there; move the folder away",
    errno.ENOTDIR: ": a file stands where a folder is needed; name another place, or move the file away",
    errno.EEXIST: ": a file stands where a folder is needed; name another place, or move the file away",
    errno.EACCES: "; name a place that may be written to, or change its permissions",
    errno.EPERM: "; name a place that may be written to, or change its permissions",
    errno.EROFS: "; name a place that may be written to",
}


def of_machine(error: OSError) -> str | None:
    """What a machine refused, in one line that names the file and what to do; none if the error does not say why."""
    if isinstance(error, Unreachable):
        return f"{error}; what is recorded is kept: the same command goes on once it answers"
    if error.errno is None:
        return None
    path = error.filename2 or error.filename
    where = "" if path is None else f"{os.fsdecode(path) if isinstance(path, str | bytes) else path}: "
    return f"{where}{os.strerror(error.errno)}{_ADVICE.get(error.errno, '')}"
