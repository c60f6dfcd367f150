"""glibc's allocator while a cell is trained: what a step frees is kept for the next one.

As it comes, glibc maps every large tensor apart and gives it back to the system when it is freed, which then clears
each of its pages anew: at 32x32 images that is a fifth to a half of a step on a CPU (docs/performance.md). Bits do
not depend on it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of malloc.h


@contextmanager
def kept() -> Iterator[None]:
    """Lets this process keep freed memory within the block, and gives it back after it; without glibc, nothing.

    It is for processes that do nothing but train. Afterwards the allocator stays as it is set, for glibc cannot be put
    back to how it came; what was freed is given back all the same, so that a process that waits holds little, and the
    next cell's :func:`~ssc_tune.training.hardware.peak_memory` is its own.
    """
    libc = ctypes.CDLL(None)  # of this process
    if not hasattr(libc, "gnu_get_libc_version"):
        yield
        return
    libc.mallopt(_TRIM_THRESHOLD, -1)
    libc.mallopt(_MMAP_MAX, 0)
    try:
        yield
    finally:
        libc.malloc_trim(0)
