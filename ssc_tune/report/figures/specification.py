"""Figures as Vega-Lite: panels for the page, and one picture for files."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ssc_tune.report.drawers import Job
from ssc_tune.report.figures.base import CONFIG, Figure, Panel

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH = 350
"""Of a panel in the page, at the size of its letters; the page scales it to its column."""

_TIP = "tip"

Spec = dict[str, Any]
Datasets = Mapping[str, Sequence[Mapping[str, Any]]]


def _body(panel: Panel) -> Spec:
    return {key: value for key, value in panel.specification.items() if key not in ("$schema", "config", "datasets")}


def parts(value: Any) -> Iterator[Spec]:
    """Every object in a specification."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from parts(item)


def _for_page(body: Spec) -> Spec:
    """The same with no legend, as the page has its own, and with each mark's tooltip as its description.

    What a tooltip says travels so in the drawing.
    """
    body = copy.deepcopy(body)
    for part in list(parts(body)):
        encoding = part.get("encoding", {})
        for channel in {"color", "shape", "strokeDash"} & encoding.keys():
            encoding[channel]["legend"] = None
        if "tooltip" in encoding:
            calculated = {"calculate": _tip(encoding.pop("tooltip")), "as": _TIP}
            part["transform"] = [*part.get("transform", []), calculated]
            encoding["description"] = {"field": _TIP, "type": "nominal"}
    return body


def _tip(fields: list[dict[str, Any]]) -> str:
    """An expression of Vega for the lines ``title: value`` of the fields that a row has, each after a line break."""
    lines = []
    for field in fields:
        value = f"datum[{json.dumps(field['field'])}]"
        shown = f"format({value}, {json.dumps(field['format'])})" if "format" in field else value
        title = json.dumps(f"\n{field['title']}: ")
        lines.append(f"(isValid({value}) ? {title} + {shown} : '')")
    return " + ".join(lines)


def page(panel: Panel, datasets: Datasets) -> Spec:
    """One panel with its data, as wide as :data:`WIDTH`; the legend is left to the page."""
    body = _for_page(_body(panel))
    named = {part["data"]["name"] for part in parts(body) if "data" in part}
    return {
        "$schema": SCHEMA,
        **body,
        "datasets": {name: list(datasets[name]) for name in sorted(named)},
        "width": WIDTH,
        "height": panel.height,
        "autosize": {"type": "fit", "contains": "padding"},
        "config": {**CONFIG, "aria": True, "mark": {"aria": True}},
    }


def picture(figure: Figure, *, width: int = 300) -> Spec:
    """All panels in rows of up to three, on white, with title, legend and data."""
    panels = [{**_body(p), "width": width, "height": p.height, "title": p.title} for p in figure.panels]
    config = {**CONFIG, "background": "white", "legend": {**CONFIG["legend"], "symbolOpacity": 1, **_keys(panels)}}
    return {
        "$schema": SCHEMA,
        "title": {"text": figure.full_title, "fontSize": 15, "anchor": "start", "offset": 12},
        "columns": figure.columns,
        "concat": panels,
        "datasets": {name: list(rows) for name, rows in figure.datasets.items()},
        "spacing": 28,
        "padding": 16,
        "config": config,
    }


def _keys(panels: list[Spec]) -> Spec:
    """Keys of the legend: markers without an edge, which line styles would dash; lines, where all are lines."""
    encodings = [part["encoding"] for part in parts(panels) if "encoding" in part]
    if any("strokeDash" in encoding for encoding in encodings) and not any("shape" in one for one in encodings):
        return {"symbolType": "stroke", "symbolStrokeWidth": 2, "symbolSize": 500}
    return {"symbolStrokeWidth": 0}


def of_picture(figure: Figure) -> Job:
    """The picture, to be drawn."""
    return Job(picture(figure), "part")


def of_panel(panel: Panel, datasets: Datasets, *, name: str) -> Job:
    """A panel for the page, to be drawn; ``name`` begins the names of its parts, which must be unique in a page."""
    return Job(page(panel, datasets), f"{name}-part")
