"""Compiled Python files, kept where the installation does not keep them.

Every process of a run imports some thousand modules, and compiles them first where compiled files may not be written
beside the sources, as in many containers (``PYTHONDONTWRITEBYTECODE``, or a folder of another user).
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path

from ssc_tune import caches

_MEASURE = "ray"
"""The largest of the packages that every process imports: if its files are compiled, the others' are."""
_OF_WORKERS = "torch"
"""The largest of those that workers import and the driver does not."""
_AHEAD = ("aiohttp", "ssc_tune.execution.worker", "optuna.storages._rdb.storage", "alembic.command")
"""What is imported before the first cell, but for Ray and what the plan of a study needs."""


def keep() -> None:
    """Lets this process, and those that it starts, keep compiled files in the user's cache folder.

    Nothing changes where they are kept already, where ``PYTHONPYCACHEPREFIX`` says where, or where the cache folder
    cannot be written.
    """
    if sys.pycache_prefix is not None or _is_kept():
        return
    folder = caches.folder("bytecode")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mine = folder.stat().st_uid == os.getuid()  # whoever writes there decides what is run
    except (OSError, RuntimeError):
        return
    if not mine or not os.access(folder, os.W_OK):
        return
    sys.pycache_prefix, sys.dont_write_bytecode = str(folder), False
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def compile_ahead() -> None:
    """Where nothing is compiled yet, as in the first run after an installation, lets a process of its own begin.

    It compiles what workers import while this process is at Ray's start, on a core that has nothing to do by then.
    """
    compiled = _compiled(_OF_WORKERS)
    if sys.dont_write_bytecode or compiled is None or compiled.exists():
        return
    command = [sys.executable, "-m", "ssc_tune.bytecode"]
    nowhere = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    threading.Thread(target=subprocess.run, args=(command,), kwargs=nowhere, name="compile", daemon=True).start()


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


if __name__ == "__main__":
    for name in _AHEAD:
        with contextlib.suppress(Exception):  # whoever needs it will say what is wrong
            importlib.import_module(name)
