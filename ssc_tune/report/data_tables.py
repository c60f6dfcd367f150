"""The numbers behind a figure, as tables that can be read without seeing and reached by keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ssc_tune.report.figures.base import Figure, Panel
from ssc_tune.report.figures.encodings import TITLES

Row = Mapping[str, Any]
_FALLBACK = {field: TITLES[field] for field in ("m", "p", "s", "v", "lo", "hi")}
"""Titles of fields that no tooltip names."""
_OF_A_RUN = {"m", "p", "s", "v", "y", "st", "c"}
"""Fields of rows that the table of runs has too."""
_KINDS = {"s": ": single runs", "p": ": points"}
"""What rows with a field are of."""
_CHANNELS = ("x", "y")


class DataTable(NamedTuple):
    """One of a figure's tables: its lines hold tabs between their texts, the names of columns first."""

    title: str
    text: str


def data_tables(figure: Figure) -> list[DataTable]:
    """The data of each panel, and of those that share theirs once.

    Places on an axis of a hyperparameter are left out where the row says the value in words. Single runs that stand in
    the table of runs are left out too.
    """
    found: dict[str, tuple[list[Panel], dict[str, str]]] = {}
    for panel in figure.panels:
        for name, part in _layers(panel.specification, ""):
            panels, titles = found.setdefault(name, ([], {}))
            panels += [] if panel in panels else [panel]
            for field, title in _titles(part):
                titles.setdefault(field, title)
    own: list[DataTable] = []
    shared: list[DataTable] = []
    for name, (panels, titles) in found.items():
        rows = figure.datasets.get(name, ())
        fields = _fields(rows, titles)
        if len(fields) > 1 and not ("c" in fields and set(fields) <= _OF_A_RUN):
            is_own = len(panels) == 1
            title = (panels[0].title if is_own else "All panels") + _kind(fields)
            (own if is_own else shared).append(DataTable(title, _text(rows, fields)))
    return _distinct(own + shared)


def _kind(fields: Mapping[str, str]) -> str:
    return next((text for field, text in _KINDS.items() if field in fields), "")


def _distinct(tables: Sequence[DataTable]) -> list[DataTable]:
    """The same with a number after a title that another one has had."""
    met: dict[str, int] = {}
    found = []
    for table in tables:
        met[table.title] = met.get(table.title, 0) + 1
        number = f" ({met[table.title]})" if met[table.title] > 1 else ""
        found.append(table._replace(title=table.title + number))
    return found


def _layers(part: Mapping[str, Any], data: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every part of a chart that draws, with the name of its data."""
    data = part.get("data", {}).get("name", data)
    if "encoding" in part and data:
        yield data, part["encoding"]
    for key in ("layer", "spec"):
        inner = part.get(key, ())
        for one in inner if isinstance(inner, list) else [inner] if inner else []:
            yield from _layers(one, data)


def _titles(encoding: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Fields with what they are called: by tooltips, then by axes."""
    for tip in encoding.get("tooltip", ()):
        yield tip["field"], tip["title"]
    for channel in _CHANNELS:
        axis = encoding.get(channel, {})
        title = axis.get("title") or (axis.get("axis") or {}).get("title")
        if not title or "field" not in axis:
            continue
        text = " ".join(title) if isinstance(title, list) else title
        is_place = "labelExpr" in (axis.get("axis") or {})
        if axis["field"] not in _FALLBACK:
            yield ("t", text) if is_place else (axis["field"], text)


def _fields(rows: Sequence[Row], titles: Mapping[str, str]) -> dict[str, str]:
    """The fields that are shown, in the order of the rows, with their titles; of two with one title the first."""
    present = dict.fromkeys(key for row in rows for key in row)
    known = {**_FALLBACK, **titles}
    first = {known[key]: key for key in reversed(list(present)) if key in known}
    return {key: known[key] for key in present if key in first.values()}


def _text(rows: Sequence[Row], fields: Mapping[str, str]) -> str:
    lines = [list(fields.values()), *([_cell(row.get(key)) for key in fields] for row in rows)]
    return "\n".join("\t".join(" ".join(text.split()) for text in line) for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
