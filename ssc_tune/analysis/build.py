"""From records to tables."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence

import pandas as pd

from ssc_tune.analysis.result import COST
from ssc_tune.analysis.tables import Tables
from ssc_tune.design import Cell
from ssc_tune.design.points import search_of
from ssc_tune.records import Record
from ssc_tune.study.model.study import Study
from ssc_tune.uncollected import uncollected

_HISTORY = [
    "cell_id",
    "step",
    "time",
    "train_loss",
    "validation_accuracy",
    "confident_fraction",
    "confident_accuracy",
    "learning_rate",
    "images_per_second",
]


@uncollected
def build_tables(study: Study, cells: Sequence[Cell], records: Mapping[str, Record]) -> Tables:
    """The tables of a study's cells; a record whose status is ``infrastructure`` counts as missing."""
    expected = pd.DataFrame(
        [(*cell.placement, cell.cell_id) for cell in cells],
        columns=["block", "setting", "method", "point", "seed", "cell_id"],
    )
    usable = {key: record for key, record in records.items() if record.result.status != "infrastructure"}
    rows = [_row(study, cell, usable[cell.cell_id]) for cell in cells if cell.cell_id in usable]
    columns = ["study", "block", "setting", "method", "point", "seed", "status", "validation_accuracy"]
    columns += ["test_accuracy", "steps", "steps_to_90", "seconds", "num_classes", "cell_id", *COST]
    frame = pd.DataFrame(rows, columns=columns + hyperparameter_names(cells) + list(study.factors))
    if study.design.adaptive:
        frame["search"] = [search_of(point) for point in frame["point"]]
    for name in ("validation_accuracy", "test_accuracy", "steps_to_90", *COST):
        frame[name] = pd.to_numeric(frame[name]).astype("float64")
    used = sorted({cell.cell_id for cell in cells} & set(usable))
    values = operator.attrgetter(*_HISTORY[1:])
    history = [(key, *values(evaluation)) for key in used for evaluation in usable[key].result.history]
    course = pd.DataFrame(history, columns=_HISTORY)
    for name in _HISTORY[3:]:
        course[name] = pd.to_numeric(course[name]).astype("float64")  # what a method does not tell is NaN
    return Tables(frame, course, expected)


def hyperparameter_names(cells: Sequence[Cell]) -> list[str]:
    """Every hyperparameter of every method in the cells, in order of first appearance."""
    names: dict[str, None] = {}
    for method in dict.fromkeys(cell.placement.method for cell in cells):
        example = next(cell for cell in cells if cell.placement.method == method)
        names.update(dict.fromkeys(example.config.hyperparameters))
    return list(names)


def _row(study: Study, cell: Cell, record: Record) -> dict[str, object]:
    result = record.result
    return {
        "study": study.name,
        **cell.placement._asdict(),
        "status": result.status,
        "validation_accuracy": result.validation_accuracy,
        "test_accuracy": result.test_accuracy,
        "steps": result.steps,
        "steps_to_90": result.steps_to_90,
        "seconds": result.seconds,
        "num_classes": record.num_classes,
        "cell_id": cell.cell_id,
        **{name: getattr(result, name) for name in COST},
        **study.values_of(cell.config),
    }
