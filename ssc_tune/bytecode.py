"""Compiled Python files, kept where the installation does not keep them.

Every process of a run imports some thousand modules, and compiles them first where compiled files may not be written
beside the sources, as in many containers (``PYTHONDONTWRITEBYTECODE``, or a folder of another user).
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from ssc_tune import caches

_MEASURE = "ray"
"""The largest of the packages that every process imports: if its files are compiled, the others' are."""


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


def _is_kept() -> bool:
    """Whether there are compiled files beside the sources, or this process may write them."""
    found = importlib.util.find_spec(_MEASURE)
    if found is None or found.origin is None:
        return True
    compiled = Path(importlib.util.cache_from_source(found.origin))
    if compiled.exists():
        return True
    place = compiled.parent if compiled.parent.exists() else compiled.parent.parent
    return not sys.dont_write_bytecode and os.access(place, os.W_OK)
