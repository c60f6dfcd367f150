"""The section "Every run": what its template shows, and the data that its script reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup

from ssc_tune.analysis import arrays
from ssc_tune.analysis.tables import Tables
from ssc_tune.presentation.colours import ON_DARK, RANKS, colours, dashes
from ssc_tune.records.record import Record
from ssc_tune.report.runs.columns import Column, columns
from ssc_tune.report.runs.courses import MOST, courses, is_thinned, losses
from ssc_tune.report.runs.workers import timeline
from ssc_tune.study.model.study import Study

MOST_STILL = 50
"""Rows of the table that is shown where no script runs."""
MOST_RUNS = 20_000
"""Runs that a page carries; of more it has the table that needs no script."""


class Runs(NamedTuple):
    """What the template shows."""

    num_runs: int
    data: Markup  # JSON, to stand in an element that no browser runs; empty of too many runs
    titles: Sequence[str]
    still: Sequence[Sequence[str]]  # the worst runs, as texts


def section(study: Study, tables: Tables, records: Sequence[Record]) -> Runs | None:
    """Every run of the study, as many as ``results.csv`` has rows; nothing before the first."""
    cells = tables.cells
    if not len(cells):
        return None
    shown = columns(study, cells, losses(tables.history))
    scores = arrays.scored(cells)
    worst = sorted(range(len(cells)), key=lambda row: (scores[row], row))[:MOST_STILL]
    still = [[_text(column, row) for column in shown] for row in worst]
    data = _data(study, tables, records, shown, scores) if len(cells) <= MOST_RUNS else Markup("")
    return Runs(len(cells), data, [column.title for column in shown], still)


def _data(study: Study, tables: Tables, records: Sequence[Record], shown: Sequence[Column], scores: Any) -> Markup:
    """What the page's script reads."""
    cells = tables.cells
    ids = cells["cell_id"].tolist()
    rows = {cell_id: row for row, cell_id in reversed(list(enumerate(ids)))}
    methods, colour, dash = shown[0].values, colours(study), dashes(study)
    content = {
        "ids": ids,
        "columns": [column.content() for column in shown],
        "colours": [[colour[method], ON_DARK.get(colour[method], colour[method])] for method in methods],
        "dashes": [dash[method] for method in methods],
        "ranks": RANKS,
        "rank": (pd.Series(scores).rank(method="min", na_option="top") - 1).astype(int).tolist(),  # 0 for the worst
        "curves": courses(cells, tables.history),
        "thinned": MOST if is_thinned(tables.history) else 0,
        "workers": timeline(records, rows),
    }
    return _json(content)


def _text(column: Column, row: int) -> str:
    code = column.codes[row]
    return "" if code < 0 else column.texts[code]


def _json(content: Any) -> Markup:
    """JSON in which nothing reads as HTML."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
