"""Geometry of the prototypes at the end of training, from the records' failure signatures."""

from __future__ import annotations

import altair as alt

from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import MAX_POINTS, Row, View, dicts, thin
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, told_of
from ssc_tune.report.figures.encodings import ACCURACY, fixed, marked, rows_of, span, tips

MAX_SIGNATURES = 4
_TITLES = {
    "prototype_max_cosine": "largest cosine of two prototypes",
    "prototype_mean_cosine": "mean cosine of two prototypes",
    "prototype_rank": "effective rank of the prototypes",
}


def figures(view: View, given: Given) -> list[Figure]:
    """Test accuracy against each prototype signature (cosines, effective rank); none where nothing was recorded."""
    signatures = {
        r.cell_id: {k: v for k, v in r.result.history[-1].signatures.items() if k.startswith("prototype")}
        for r in given.records
        if r.result.history
    }
    names = sorted({name for found in signatures.values() for name in found})[:MAX_SIGNATURES]
    if not names:
        return []
    key = f"geometry{view.slug}"
    rows = [row for cell in dicts(thin(view.cells, MAX_POINTS)) if (row := _row(cell, signatures, names))]
    if not rows:
        return []
    domain = span([row["y"] for row in rows])
    panels = tuple(
        Panel(name, _title(name).capitalize(), _alt(view, rows, i, name), _chart(view, key, i, name, domain), 220)
        for i, name in enumerate(names)
    )
    caption = (
        "One mark a cell, at its last evaluation; for a method without prototypes, such as FixMatch, the rows of its "
        "classifier stand for them. Cosines near 1 between different prototypes, or an effective rank well below the "
        "number of classes, mean that prototypes have collapsed onto one another."
    )
    return [Figure(key, "Geometry of the prototypes", "Prototypes", caption, panels, {key: rows}, view.methods)]


def _title(name: str) -> str:
    return _TITLES.get(name, name.replace("_", " ").replace("/", " "))


def _row(cell: Row, signatures: dict[str, dict[str, float]], names: list[str]) -> Row | None:
    own = signatures.get(cell["cell_id"], {})
    known = {f"x{i}": round(own[name], 6) for i, name in enumerate(names) if name in own}
    if not known:
        return None
    place = {"m": cell["method"], "p": int(cell["point"]), "s": int(cell["seed"]), "c": cell["cell_id"]}
    return {**place, "y": round(float(cell["score"]), 6), **known}


def _chart(view: View, key: str, index: int, name: str, domain: list[float]) -> Chart:
    x = alt.X(f"x{index}:Q", title=_title(name), scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5))
    y = alt.Y("y:Q", title=ACCURACY, scale=fixed(domain))
    said = tips("m", "p", "s", "c", (f"x{index}:Q", _title(name), ".3f"), "y")
    marks = rows_of(key, f"isValid(datum.x{index})").mark_point(filled=True, size=28, opacity=0.65)
    chart: alt.Chart = marks.encode(x=x, y=y, **marked(view.study), tooltip=said)
    return chart


def _alt(view: View, rows: list[Row], index: int, name: str) -> str:
    def ends(own: list[Row]) -> str:
        values = [row[f"x{index}"] for row in own]
        return f"from {number(min(values))} to {number(max(values))}"

    known = [row for row in rows if f"x{index}" in row]
    return told_of(f"Test accuracy against {_title(name)}", view.methods, known, ends)
