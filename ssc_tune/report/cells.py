"""The cells of one block and setting, scored as the analysis scores them, and their means over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar, cast

import pandas as pd

from ssc_tune.analysis import arrays
from ssc_tune.analysis.result import Curve, Share
from ssc_tune.analysis.tables import Tables
from ssc_tune.presentation import places
from ssc_tune.presentation.numbers import compact
from ssc_tune.study.model.space import Parameter, Value, shown
from ssc_tune.study.model.study import Study

MAX_POINTS = 600
"""Most marks of one kind that a method shows in one panel; beyond it every k-th is drawn and the caption says so."""

Row = dict[str, Any]
Found = TypeVar("Found", Curve, Share)


class View(NamedTuple):
    """One block and setting of a study, ready to be drawn.

    ``cells`` are the rows of :class:`~ssc_tune.analysis.tables.Tables` with a column ``score``: test accuracy, and
    chance (1 / num_classes) for cells that diverged or failed; a cell that stands at several points has one row, at the
    first of them. ``means`` has a row a method and distinct point: ``method, point, score, num_seeds``; ``listed`` one
    a method and point, equal ones included, and ``counted`` says which of them the measures of the tables are over.
    ``parameters`` are those that vary in the block.
    """

    study: Study
    block: str
    setting: str
    methods: tuple[str, ...]
    parameters: dict[str, Parameter]
    cells: pd.DataFrame
    means: pd.DataFrame
    listed: pd.DataFrame

    @property
    def slug(self) -> str:
        """Ends the names of this view's figures; empty where the study has a single block and setting."""
        return places.slug(self.study, self.block, self.setting)

    @property
    def heading(self) -> str:
        """Names the view in titles; empty where the study has a single block and setting."""
        return places.told(self.study, self.block, self.setting)

    def here(self, found: Iterable[Found]) -> list[Found]:
        """What an analysis found in this block and setting."""
        return [one for one in found if (one.block, one.setting) == (self.block, self.setting)]

    @property
    def counted(self) -> pd.DataFrame:
        """The rows of ``listed`` that the measures of the tables are over."""
        return self.listed[self.listed["counted"]]

    @property
    def is_dense(self) -> bool:
        """Whether there are points enough for a line through them."""
        return len(self.means) >= 10 * len(self.methods)


def limits(low: float | None, high: float | None) -> Row:
    """The ends of a band or a whisker, as ``lo`` and ``hi``; nothing where there is none."""
    return {} if low is None or high is None else {"lo": low, "hi": high}


def curve_rows(curve: Curve, parameter: Parameter | None = None) -> list[Row]:
    """A curve for figures: ``m`` method, ``x``, ``y`` with its band, and ``t``, x in words.

    ``x`` of a hyperparameter is its position in [0, 1]; values that have none are left out.
    """
    rows = []
    for i, value in enumerate(curve.x):
        x = value if parameter is None else unit(parameter, value)
        band = limits(curve.low[i], curve.high[i]) if curve.low and curve.high else {}
        if x is not None:
            rows.append({"m": curve.method, "x": x, "t": in_words(parameter, value), "y": curve.y[i], **band})
    return rows


def in_words(parameter: Parameter | None, value: float | str) -> str:
    """A value of x of a curve, which is a hyperparameter's or a plain number."""
    return compact(value) if parameter is None else shown(parameter, value)


def views(study: Study, tables: Tables) -> tuple[View, ...]:
    """The blocks and settings of a study that have at least one cell with a record."""
    pairs = [(block, setting) for block in study.blocks for setting in study.setting_names]
    made = (_view(study, tables, block, setting) for block, setting in pairs)
    return tuple(view for view in made if len(view.cells))


def _view(study: Study, tables: Tables, block: str, setting: str) -> View:
    cells = arrays.select(tables.cells, block, setting)
    cells = cells[cells["status"].isin(arrays.RESULTS)]
    cells = (
        cells.assign(score=arrays.scored(cells))
        .sort_values(["method", "point", "seed"], kind="stable")
        .reset_index(drop=True)
    )
    names = [name for name in study.block_parameters(block) if name in cells.columns]
    listed = _means(cells, names)
    counted = {m: arrays.load(study, tables, block=block, setting=setting, method=m).points for m in study.methods}
    listed["counted"] = [row["point"] in counted[row["method"]] for row in dicts(listed)]
    cells = cells.drop_duplicates(["method", "cell_id"]).reset_index(drop=True)
    methods = tuple(m for m in study.block_methods(block) if (cells["method"] == m).any())
    parameters = {name: study.search_space.parameters[name] for name in names}
    return View(study, block, setting, methods, parameters, cells, _means(cells, names), listed)


def _means(cells: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """A row a method and point: the mean over seeds."""
    columns = {"score": ("score", "mean"), "num_seeds": ("score", "size")}
    columns |= {name: (name, "first") for name in names}
    return cells.groupby(["method", "point"], sort=True).agg(**columns).reset_index()


def unit(parameter: Parameter, value: object) -> float | None:
    """Position of a value on the parameter's own scale in [0, 1]; None where the method lacks it or it is no value."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    try:
        if parameter.type == "choice":  # a table may hold it as text or as another type of number
            value = next(choice for choice in parameter.choices if choice == value or str(choice) == str(value))
        elif isinstance(value, str):
            value = float(value)
        return round(parameter.to_unit(cast(Value, value)), 6)
    except (ValueError, StopIteration):
        return None


def settings_text(row: Row, parameters: Mapping[str, Parameter]) -> str:
    """``tau 0.93, learning_rate 0.021``: the point in words, for tooltips and tables."""
    known = [(name, row[name]) for name in parameters if row.get(name) is not None and row[name] == row[name]]
    return ", ".join(f"{name} {shown(parameters[name], value)}" for name, value in known)


def thin(frame: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Every k-th row a method, so that no method keeps more than ``limit``."""
    kept = [group.iloc[:: -(-len(group) // limit)] for _, group in frame.groupby("method", sort=True)]
    return pd.concat(kept) if kept else frame


def mean_rows(view: View, limit: int = MAX_POINTS, *, counted: bool = False) -> list[Row]:
    """Means over seeds, for figures; ``counted``: of points that the measures of the tables are over, and of no other.

    Keys: ``m`` method, ``p`` point, ``y`` score, ``n`` seeds, ``v`` values in words, ``x<i>`` positions in [0, 1].
    """
    means = thin(view.counted if counted else view.means, limit)
    return [_row(view, row, {"n": int(row["num_seeds"])}) for row in dicts(means)]


def cell_rows(view: View, limit: int = MAX_POINTS) -> list[Row]:
    """Single cells, for figures: like :func:`mean_rows` with ``s`` seed, ``c`` cell id and ``st`` status."""
    rows = dicts(thin(view.cells, limit))
    return [_row(view, row, {"s": int(row["seed"]), "c": row["cell_id"], "st": row["status"]}) for row in rows]


def dicts(frame: pd.DataFrame) -> list[Row]:
    """A frame's rows by column name."""
    return cast("list[Row]", frame.to_dict("records"))


def _row(view: View, row: Row, extra: Row) -> Row:
    positions = {f"x{i}": _dodged(view, name, row) for i, name in enumerate(view.parameters)}
    return {
        "m": row["method"],
        "p": int(row["point"]),
        "y": round(float(row["score"]), 6),
        "v": settings_text(row, view.parameters),
        **{key: value for key, value in positions.items() if value is not None},
        **extra,
    }


def _dodged(view: View, name: str, row: Row) -> float | None:
    """Methods stand side by side within a choice; on a scale they stand where they are."""
    parameter = view.parameters[name]
    position = unit(parameter, row.get(name))
    if position is None or parameter.type != "choice":
        return position
    rank = view.methods.index(row["method"]) - (len(view.methods) - 1) / 2
    return round(position + rank * 0.5 / (len(parameter.choices) * max(len(view.methods), 1)), 6)
