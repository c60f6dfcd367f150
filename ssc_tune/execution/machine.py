"""Telling what a machine does wrong from what a method does wrong."""

from __future__ import annotations

import errno
from collections.abc import Iterator

import torch

from ssc_tune.training.own_command import CommandKilled

_ERRNOS = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EIO,
        errno.EROFS,
        errno.ENOMEM,
        errno.EMFILE,
        errno.ENFILE,
        errno.ESTALE,
        errno.ENODEV,
        errno.ENXIO,
        errno.ENOTCONN,
        errno.EREMOTEIO,
        errno.ETIMEDOUT,
        errno.ENOLCK,
    }
)
"""Errors of the system that no program is at fault for: no space, a disk or a network that fails, no memory."""

_KINDS: tuple[type[BaseException], ...] = (
    MemoryError,
    torch.OutOfMemoryError,
    torch.AcceleratorError,  # a GPU that has failed
    CommandKilled,
)

_TORCH_SAYS = ("DefaultCPUAllocator: can't allocate memory", "can't start new thread")
"""Of errors that torch and Python raise as a plain RuntimeError."""


def fault_of(error: BaseException, *, ours: bool) -> str | None:
    """What the machine has done wrong, in one line; none where the training itself is at fault.

    Args:
        error: what was raised; what it was raised from counts as well.
        ours: whether the code that raised is this package's, which meets no error of the system that it has made
            itself; another's may ask for a file that does not exist.
    """
    for one in _chain(error):
        if isinstance(one, _KINDS) or (isinstance(one, OSError) and (ours or one.errno in _ERRNOS)):
            return _line(one)
        if isinstance(one, RuntimeError) and any(words in str(one) for words in _TORCH_SAYS):
            return _line(one)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        yield now
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)


def _line(error: BaseException) -> str:
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
