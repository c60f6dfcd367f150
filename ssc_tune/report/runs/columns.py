"""The columns of the table of runs, each with its distinct values once: what the page shows of a value is made here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import pandas as pd

from ssc_tune.analysis import arrays
from ssc_tune.design.points import label
from ssc_tune.presentation.numbers import compact, number
from ssc_tune.report.cells import unit
from ssc_tune.report.figures import axes
from ssc_tune.study.model.space import ChoiceParameter, Parameter, shown
from ssc_tune.study.model.study import Study

Row = dict[str, Any]
MISSING = -1
"""The code of a run that a column has no value of."""
_PLACE = ["block", "setting", "method", "point"]


class Column(NamedTuple):
    """A column: its distinct values in the order in which it sorts, and the number of its own for each run."""

    key: str
    title: str
    values: Sequence[Any]  # real numbers as they stand in results.csv
    texts: Sequence[str]
    codes: Sequence[int]
    filtered: str = "range"  # by a range, by "chosen" values, or "" for neither
    help: str = ""
    axis: tuple[Sequence[float], Sequence[tuple[float, str]]] | None = None  # where values lie in [0, 1]; ticks

    def content(self) -> Row:
        """For the page."""
        found: Row = {name: getattr(self, name) for name in ("key", "title", "texts", "codes", "filtered", "help")}
        if self.filtered == "range":
            found["values"] = self.values
        if self.axis is not None:
            found["at"], found["ticks"] = self.axis
        return found


def columns(study: Study, cells: pd.DataFrame, losses: dict[str, float]) -> list[Column]:
    """What is shown of each run; ``losses`` by the ids of cells."""
    validation, test = cells["validation_accuracy"], cells["test_accuracy"]
    return [
        *_places(study, cells),
        *(_parameter(name, p, cells[name]) for name, p in varied(study, cells).items()),
        _numbers("validation_accuracy", "validation accuracy", validation, number),
        _numbers("test_accuracy", "test accuracy", test, number, axis=True),
        _numbers("loss", "loss", cells["cell_id"].map(losses), compact, help="training loss at the last evaluation"),
        _numbers("seed_sd", "seed noise", seed_noise(cells), lambda v: number(v, 4), help=_NOISE),
        _numbers("seconds", "seconds", cells["seconds"], lambda v: number(v, 1), help="inside training"),
    ]


_NOISE = (
    "standard deviation of test accuracy over the seeds of the configuration; a run that diverged or failed counts at "
    "chance"
)


def varied(study: Study, cells: pd.DataFrame) -> dict[str, Parameter]:
    """The hyperparameters that differ between runs, in the order of the search space."""
    space = study.search_space.parameters
    return {name: p for name, p in space.items() if name in cells.columns and cells[name].nunique() > 1}


def seed_noise(cells: pd.DataFrame) -> pd.Series:
    """Of each run: the standard deviation of the accuracies of its configuration, by n - 1; NaN of a single seed."""
    scored = cells.assign(score=arrays.scored(cells))
    found: pd.Series = scored.groupby(_PLACE)["score"].transform("std")
    return found


def _places(study: Study, cells: pd.DataFrame) -> list[Column]:
    several = [("block", study.blocks), ("setting", study.setting_names)]
    return [
        _chosen("method", cells["method"], study.methods),
        *(_chosen(name, cells[name], known) for name, known in several if len(list(known)) > 1),
        _numbers("point", "point", cells["point"], lambda v: label(int(v)), filtered=""),
        _numbers("seed", "seed", cells["seed"], lambda v: str(int(v)), filtered=""),
        _chosen("status", cells["status"], arrays.RESULTS),
    ]


def _chosen(name: str, values: pd.Series, known: Iterable[str]) -> Column:
    order = [value for value in dict.fromkeys([*known, *values]) if value in set(values)]
    return Column(name, name, order, order, _codes(values, order), "chosen")


def _numbers(
    key: str,
    title: str,
    values: pd.Series,
    say: Callable[[float], str],
    *,
    filtered: str = "range",
    help: str = "",
    axis: bool = False,
) -> Column:
    plain = pd.to_numeric(values).astype("float64")
    distinct = sorted({float(value) for value in plain if math.isfinite(value)})
    texts = [say(value) for value in distinct]
    places = _linear(distinct) if axis and len(distinct) > 1 else None
    return Column(key, title, distinct, texts, _codes(plain, distinct), filtered, help, places)


def _linear(distinct: Sequence[float]) -> tuple[list[float], list[tuple[float, str]]]:
    low, high = distinct[0], distinct[-1]
    ticks = [(v, f"{v:g}") for v in axes.round_values(low, high)]
    return (
        [round((v - low) / (high - low), 4) for v in distinct],
        [(round((v - low) / (high - low), 4), text) for v, text in ticks],
    )


def _parameter(name: str, parameter: Parameter, values: pd.Series) -> Column:
    """Values are those of the table; one that is none of a parameter's own has no place on its axis."""
    is_choice = isinstance(parameter, ChoiceParameter)
    known = [value for value in dict.fromkeys(values) if value is not None and value == value]
    place = {value: unit(parameter, value) for value in known}
    ordered = sorted((value for value in known if place[value] is not None), key=lambda value: place[value] or 0.0)
    ordered = ordered if is_choice else sorted(map(float, ordered))
    texts = [shown(parameter, value) for value in ordered]
    at = [round(unit(parameter, value) or 0.0, 4) for value in ordered]
    ticks = [(round(position, 4), text) for position, text in axes.ticks(parameter)]
    kind = "chosen" if is_choice else "range"
    return Column(name, name, ordered, texts, _codes(values, ordered), kind, parameter.reason, (at, ticks))


def _codes(values: Iterable[Any], order: Sequence[Any]) -> list[int]:
    place = {value: index for index, value in enumerate(order)}
    return [place.get(value, MISSING) for value in values]
