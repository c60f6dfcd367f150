"""The user's cache folder: what lies there can be had again."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache() -> Path:
    """``ssc_tune`` in ``XDG_CACHE_HOME``, else in ``~/.cache``; absolute, it need not exist."""
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache").absolute() / "ssc_tune"
