"""The folder that keeps data: what was downloaded, and every set once more as arrays that processes share.

``--data-dir`` or ``SSC_TUNE_DATA`` names it; without, it is ``ssc_tune/data`` in the user's cache folder
(``XDG_CACHE_HOME``, else ``~/.cache``). It is the root that torchvision's loaders know, so a folder that they filled
before can be named as well. Nothing here imports torch or numpy.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from ssc_tune import caches
from ssc_tune.errors import InputError

VARIABLE = "SSC_TUNE_DATA"
"""Environment variable that names the folder."""


def folder() -> Path:
    """The folder, absolute; it need not exist yet."""
    return caches.folder("data", VARIABLE)


def use(given: Path | str | None) -> None:
    """Lets this process, and those that it starts, keep data in a folder; none leaves it as it is."""
    if given is not None:
        os.environ[VARIABLE] = str(Path(given).expanduser().absolute())


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time for a ``name``; the others wait.

    Raises:
        InputError: the folder cannot be written.
    """
    path = folder() / "locks" / f"{name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    except OSError as error:
        raise InputError(f"{folder()}: cannot be written ({error}); {VARIABLE} names another folder") from error
    try:
        yield
    finally:
        lock.release()


def made(key: str, make: Callable[[Path], None], *, lock: str) -> Path:
    """The folder ``arrays/KEY``, filled by ``make`` if it is not there: once, by one process, whole or not at all.

    Args:
        key: says what is in it; another content needs another key.
        make: writes into the empty folder that it is given.
        lock: makers with the same lock wait for each other.
    """
    final = folder() / "arrays" / key
    if final.is_dir():
        return final
    with locked(lock):
        if final.is_dir():
            return final
        making = final.with_name(f".{key}")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        try:
            make(making)
            making.rename(final)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return final
