"""Which process a number stands for: numbers of processes come again."""

from __future__ import annotations

import os
from pathlib import Path


def began(pid: int) -> str | None:
    """When a process began, in ticks since the boot; none if there is no such process, empty if it cannot be told."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:  # there is one, of another user
        pass
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return None if fields[0] in "ZX" else fields[19]
