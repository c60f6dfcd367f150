"""The data of a figure as tables for other programs: what is drawn, no more and no less."""

from __future__ import annotations

import csv
import io

from ssc_tune.paper import names
from ssc_tune.presentation.csvs import plain
from ssc_tune.report.figures.base import Figure

_NAMES = {"m": "method", "p": "point", "s": "seed", "c": "cell", "st": "status", "lo": "low", "hi": "high"}
"""Columns by the short names of the figures, where these mean the same in all; ``x`` and ``y`` are what axes show."""


def tables(figure: Figure) -> dict[str, str]:
    """Files by the ends of their names: one a set of rows that the figure draws."""
    ends = ["" if name == figure.name else f".{name}" for name in names.apart(figure.datasets)]
    return {f"{end}.csv": _csv(rows) for end, rows in zip(ends, figure.datasets.values(), strict=True)}


def _csv(rows: object) -> str:
    assert isinstance(rows, list | tuple)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_NAMES.get(name, name) for name in columns])
    writer.writerows([["" if row.get(name) is None else plain(row[name]) for name in columns] for row in rows])
    return text.getvalue()
