"""The data of a figure as tables for other programs: what is drawn, no more and no less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ssc_tune.paper.tex import apart
from ssc_tune.presentation.csvs import written
from ssc_tune.report.figures.base import Figure

_NAMES = {"m": "method", "p": "point", "s": "seed", "c": "cell", "st": "status", "lo": "low", "hi": "high"}
"""Columns by the short names of the figures, where these mean the same in all; ``x`` and ``y`` are what axes show."""


def tables(figure: Figure) -> dict[str, str]:
    """Files by the ends of their names: one a set of rows that the figure draws."""
    ends = ["" if name == figure.name else f".{name}" for name in apart(figure.datasets)]
    return {f"{end}.csv": _csv(rows) for end, rows in zip(ends, figure.datasets.values(), strict=True)}


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return written([_NAMES.get(name, name) for name in columns], ([row.get(name) for name in columns] for row in rows))
