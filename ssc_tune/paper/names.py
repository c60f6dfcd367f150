"""Names of files, whatever blocks and settings are called."""

from __future__ import annotations

import re
from collections.abc import Iterable


def apart(names: Iterable[str]) -> list[str]:
    """The same with nothing in them that a file system or TeX minds, and no two alike: ``a_b``, ``a_b-2``."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)
        made, number = plain, 1
        while made.lower() in (one.lower() for one in found):
            number += 1
            made = f"{plain}-{number}"
        found.append(made)
    return found
