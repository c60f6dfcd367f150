"""A study's answer as files that a repository can keep: one page, its figures and two tables."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ssc_tune.report import render
from ssc_tune.report.figures.base import Figure

SHOWN = ("parameters", "seeds")
"""Kinds of figures that such a page has."""
ELSE = ("training",)
"""And of a study whose points show nothing of that."""
MOST = 3
"""Figures at most, where a study has many settings."""
_PLACES = ("--storage", "--tracking-uri", "--optuna-storage", "--data-dir")
TABLES = ("results.csv", "verdicts.csv")


def published(
    content: Mapping[str, Any], figures: Sequence[Figure], written: Mapping[str, str | bytes], *, command: str
) -> dict[str, str | bytes]:
    """Files by name: ``README.md``, made by a ``command``, and those files of the report that it shows."""
    kinds = {figure.name.split("-")[0] for figure in figures}
    shown = [figure for figure in figures if figure.name.split("-")[0] in (SHOWN if kinds & {*SHOWN} else ELSE)][:MOST]
    page = render.published({**content, "command": public(content["command"])}, shown, command)
    pictures = {f"{figure.name}.svg": written[f"figures/{figure.name}.svg"] for figure in shown}
    return {"README.md": page, **pictures, **{name: written[name] for name in TABLES}}


def public(command: str) -> str:
    """A command without the options that say where things lay on the machine it ran on."""
    words, kept, left_out = shlex.split(command), list[str](), False
    for word in words:
        if left_out:
            left_out = False
        elif word in _PLACES:
            left_out = True
        elif not word.startswith(tuple(f"{option}=" for option in _PLACES)):
            kept.append(word)
    return shlex.join(kept)
