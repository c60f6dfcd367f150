"""From records to tables."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence

import pandas as pd

from ssc_tune.analysis.result import COST
from ssc_tune.analysis.tables import Tables
from ssc_tune.design import Cell, Placement
from ssc_tune.design.points import search_of
from ssc_tune.records import Record
from ssc_tune.study.model.study import Study
from ssc_tune.uncollected import uncollected

_RESULT = ("status", "validation_accuracy", "test_accuracy", "steps", "steps_to_90", "seconds")
_FIGURES = ("train_loss", "validation_accuracy", "confident_fraction", "confident_accuracy", "learning_rate")
_EVALUATION = ("step", "time", *_FIGURES, "images_per_second")


@uncollected
def build_tables(study: Study, cells: Sequence[Cell], records: Mapping[str, Record]) -> Tables:
    """The tables of a study's cells; a record whose status is ``infrastructure`` counts as missing."""
    expected = pd.DataFrame(
        [(*cell.placement, cell.cell_id) for cell in cells], columns=[*Placement._fields, "cell_id"]
    )
    usable = {key: record for key, record in records.items() if record.result.status != "infrastructure"}
    rows = [_row(study, cell, usable[cell.cell_id]) for cell in cells if cell.cell_id in usable]
    columns = ["study", *Placement._fields, *_RESULT, "num_classes", "cell_id", *COST]
    names = dict.fromkeys(name for cell in cells for name in cell.config.hyperparameters)
    frame = pd.DataFrame(rows, columns=[*columns, *names, *study.factors])
    if study.design.adaptive:
        frame["search"] = [search_of(point) for point in frame["point"]]
    for name in ("validation_accuracy", "test_accuracy", "steps_to_90", *COST):
        frame[name] = pd.to_numeric(frame[name]).astype("float64")
    used = sorted({cell.cell_id for cell in cells} & set(usable))
    values = operator.attrgetter(*_EVALUATION)
    history = [(key, *values(evaluation)) for key in used for evaluation in usable[key].result.history]
    course = pd.DataFrame(history, columns=["cell_id", *_EVALUATION])
    for name in _EVALUATION[2:]:
        course[name] = pd.to_numeric(course[name]).astype("float64")  # what a method does not tell is NaN
    return Tables(frame, course, expected)


def _row(study: Study, cell: Cell, record: Record) -> dict[str, object]:
    place = {"study": study.name, **cell.placement._asdict(), "cell_id": cell.cell_id}
    told = {name: getattr(record.result, name) for name in (*_RESULT, *COST)}
    return {**place, **told, "num_classes": record.num_classes, **study.values_of(cell.config)}
