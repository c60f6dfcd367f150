"""Figures as Vega-Lite: panels for the page, and one picture for files."""

from __future__ import annotations

import re
from typing import Any

from ssc_tune.report.figures.base import CONFIG, Figure, Panel

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
VEGA_LITE = "6.4"
"""Version that vl-convert renders with, in files and in the page."""

Spec = dict[str, Any]


def _body(panel: Panel) -> Spec:
    spec: Spec = panel.chart.to_dict()
    return {key: value for key, value in spec.items() if key not in ("$schema", "config", "datasets")}


def _without_legends(value: Any) -> Any:
    """The same specification with no legend on any encoding: the page has its own."""
    if isinstance(value, list):
        return [_without_legends(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _without_legends(item) for key, item in value.items()}
    coloured = {"color", "shape", "strokeDash"} & set(inner.get("encoding", {}))
    if coloured:
        quiet = {key: {**inner["encoding"][key], "legend": None} for key in sorted(coloured)}
        inner["encoding"] = {**inner["encoding"], **quiet}
    return inner


def page(panel: Panel) -> Spec:
    """One panel that takes the width it is given; data by name, legend left to the page."""
    fit = {"type": "fit", "contains": "padding"}
    return {
        "$schema": SCHEMA,
        **_without_legends(_body(panel)),
        "width": "container",
        "height": panel.height,
        "autosize": fit,
        "config": CONFIG,
    }


def picture(figure: Figure, *, width: int = 300) -> Spec:
    """All panels in rows of up to three, on white, with title, legend and data."""
    parts = [{**_body(p), "width": width, "height": p.height, "title": p.title} for p in figure.panels]
    config = {**CONFIG, "background": "white", "legend": {**CONFIG["legend"], "symbolOpacity": 1}}
    return {
        "$schema": SCHEMA,
        "title": {"text": figure.title, "fontSize": 15, "anchor": "start", "offset": 12},
        "columns": figure.columns,
        "concat": parts,
        "datasets": {name: list(rows) for name, rows in figure.datasets.items()},
        "spacing": 28,
        "padding": 16,
        "config": config,
    }


def svg(figure: Figure) -> str:
    """The picture as SVG, drawn without a browser."""
    import vl_convert

    text: str = vl_convert.vegalite_to_svg(picture(figure), vl_version=VEGA_LITE, allowed_base_urls=[])
    return _renumbered(text)


def _renumbered(drawn: str) -> str:
    """Names clips and gradients by their order in the picture; the renderer counts them over its whole life."""
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        return f"{found[1]}{names.setdefault(found[2], f'part{len(names)}')}{found[3]}"

    return re.sub(r"(\bid=\"|url\(#)([^\"()]+)(\"|\))", named, drawn)


def png(drawn: str, *, scale: float = 2.0) -> bytes:
    """An SVG as PNG at twice its size."""
    import vl_convert

    data: bytes = vl_convert.svg_to_png(drawn, scale=scale)
    return data
