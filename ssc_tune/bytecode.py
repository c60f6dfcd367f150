"""Compiled Python files, kept where the installation does not keep them.

Every process of a run imports some thousand modules, and compiles them first where compiled files may not be written
beside the sources, as in many containers (``PYTHONDONTWRITEBYTECODE``, or a folder of another user).
"""

from __future__ import annotations

import importlib.util
import os
import resource
import shutil
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

from ssc_tune import caches

_FOLDER = "bytecode"
_ROOM = 1_000_000_000
"""Bytes that are to be free; what is kept for one installation is about a third of it."""
_MEASURE = "ray"
"""The largest of the packages that every process imports: if its files are compiled, the others' are."""
_OF_WORKERS = "torch"
"""The largest of those that workers import and the driver does not."""


def keep() -> None:
    """Lets this process, and those that it starts, keep compiled files in the user's cache folder.

    Nothing changes where they are kept already, where ``PYTHONPYCACHEPREFIX`` says where, or where the cache folder
    cannot be written or is short of room: Python before 3.12.8 keeps what it could write of a file as if it were all.
    """
    if sys.pycache_prefix is not None or _is_kept():
        return
    folder = caches.folder(_FOLDER)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mine = folder.stat().st_uid == os.getuid()  # whoever writes there decides what is run
        room = shutil.disk_usage(folder).free
    except (OSError, RuntimeError):
        return
    largest = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if not mine or not os.access(folder, os.W_OK) or room < _ROOM or -1 < largest < _ROOM:
        return
    sys.pycache_prefix, sys.dont_write_bytecode = str(folder), False
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def forget_damaged(error: BaseException) -> Path | None:
    """Removes the kept files if it was one of them that could not be read; the folder they were in, else none."""
    folder = _kept_in()
    where = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]
    if folder is None or "_compile_bytecode" not in where[-1:]:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def compile_ahead() -> None:
    """Where nothing is compiled yet, as in the first run after an installation, lets a process of its own begin.

    It compiles what this process and workers will import (:mod:`ssc_tune.compiling`).
    """
    compiled = _compiled(_OF_WORKERS)
    if sys.dont_write_bytecode or compiled is None or compiled.exists():
        return
    command = [sys.executable, "-m", "ssc_tune.compiling", str(os.getpid())]
    nowhere = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    threading.Thread(target=subprocess.run, args=(command,), kwargs=nowhere, name="compile", daemon=True).start()


def sweep() -> None:
    """Removes kept files of installations that are gone."""
    folder = _kept_in()
    for left in [] if folder is None else list(_left_over(folder)):
        shutil.rmtree(left, ignore_errors=True)


def _kept_in() -> Path | None:
    """Our folder of compiled files, if this process keeps them there."""
    if sys.pycache_prefix is None or sys.pycache_prefix != str(caches.folder(_FOLDER)):
        return None
    return Path(sys.pycache_prefix)


def _is_kept() -> bool:
    """Whether there are compiled files beside the sources, or this process may write them."""
    compiled = _compiled(_MEASURE)
    if compiled is None or compiled.exists():
        return True
    place = compiled.parent if compiled.parent.exists() else compiled.parent.parent
    return not sys.dont_write_bytecode and os.access(place, os.W_OK)


def _compiled(package: str) -> Path | None:
    """Where a package's compiled file is or would be; none for one that is not installed."""
    found = importlib.util.find_spec(package)
    return None if found is None or found.origin is None else Path(importlib.util.cache_from_source(found.origin))


def _left_over(folder: Path) -> Iterator[Path]:
    """Folders of compiled files of installations that are gone."""
    for place, folders, _ in os.walk(folder):
        if "site-packages" in folders:
            if not Path("/", Path(place, "site-packages").relative_to(folder)).exists():
                yield Path(place, "site-packages")
            folders.remove("site-packages")
