"""Published sources: what is known of each stands in ``sources.bib``, and who rests on one names its key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("sources.bib")
_ENTRY = re.compile(r"^@\w+\{(?P<key>[^,\s]+),\n.*?^\}$", re.MULTILINE | re.DOTALL)

SOFTWARE: dict[str, tuple[str, ...]] = {
    "optuna": ("akiba2019optuna",),
    "ray": ("moritz2018ray", "liaw2018tune"),
    "mlflow": ("zaharia2018accelerating",),
    "torch": ("paszke2019pytorch",),
}
"""Packages that every study runs with, and where each was published."""


@cache
def entries() -> dict[str, str]:
    """Every entry as BibTeX, by its key."""
    return {found["key"]: found[0] for found in _ENTRY.finditer(_FILE.read_text(encoding="utf-8"))}


def bibliography(keys: Iterable[str]) -> str:
    """A BibTeX file of these, each once and by their keys' order.

    Raises:
        KeyError: a key has no entry.
    """
    return "\n".join(f"{entries()[key]}\n" for key in sorted(set(keys)))
