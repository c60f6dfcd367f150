"""A study's answer as files that a repository can keep: one page, its figures and two tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ssc_tune.report import render
from ssc_tune.report.figures.base import Figure
from ssc_tune.report.figures.specification import svg

SHOWN = ("spread", "training")
"""Kinds of figures that such a page has."""
MOST = 3
"""Figures at most, where a study has many settings."""
TABLES = ("results.csv", "verdicts.csv")


def published(
    content: Mapping[str, Any], figures: Sequence[Figure], written: Mapping[str, str | bytes], *, command: str
) -> dict[str, str | bytes]:
    """Files by name: ``README.md``, the figures and tables that it shows.

    Args:
        content: what the report says.
        figures: those of the report.
        written: the report's own files.
        command: that makes these files.
    """
    shown = [figure for figure in figures if figure.name.split("-")[0] in SHOWN][:MOST]
    page = render.published(content, shown, command)
    pictures = {f"{figure.name}.svg": written.get(f"figures/{figure.name}.svg") or svg(figure) for figure in shown}
    return {"README.md": page, **pictures, **{name: written[name] for name in TABLES}}
