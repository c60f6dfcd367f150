"""Where this program keeps what it can fetch or make again."""

from __future__ import annotations

import os
from pathlib import Path


def folder(name: str, variable: str | None = None) -> Path:
    """The folder that an environment variable names, else ``ssc_tune/NAME`` in the user's cache folder; absolute.

    That is ``XDG_CACHE_HOME``, else ``~/.cache``. The folder need not exist yet.
    """
    given = os.environ.get(variable) if variable else None
    if given:
        return Path(given).expanduser().absolute()
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache").absolute() / "ssc_tune" / name
