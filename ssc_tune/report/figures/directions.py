"""Prototypes of each method's best cell: cosines between them, and where they lie among images."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt

from ssc_tune.analysis.tables import Tables
from ssc_tune.presentation.colours import colours
from ssc_tune.presentation.numbers import number, percent
from ssc_tune.report.cells import Row, View
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, Ramp
from ssc_tune.report.figures.encodings import heat, rows_of, tips
from ssc_tune.training.result import Geometry


def figures(view: View, given: Given) -> list[Figure]:
    """A matrix of cosines and a projection for the best cell of each method; nothing where no picture was kept."""
    found = _best(view, given.tables, given.geometries)
    return [_cosines(view, found), _projection(view, found)] if found else []


def _best(view: View, tables: Tables, geometries: Mapping[str, Geometry]) -> dict[str, tuple[str, Geometry]]:
    """Where the best cell of each method stands, with its picture."""
    best = tables.best_cells()
    chosen = {m: best.get((view.block, view.setting, m)) for m in view.methods}
    places = view.cells.set_index("cell_id")[["point", "seed"]]
    return {
        method: (f"point {places['point'][cell_id]}, seed {places['seed'][cell_id]}", geometries[cell_id])
        for method, cell_id in chosen.items()
        if cell_id is not None and cell_id in geometries
    }


def _cosines(view: View, found: Mapping[str, tuple[str, Geometry]]) -> Figure:
    datasets = {
        f"cosines-{index}{view.slug}": [
            {"a": i, "b": j, "v": v} for i, row in enumerate(geometry.cosines) for j, v in enumerate(row) if i != j
        ]
        for index, (_, geometry) in enumerate(found.values())
    }
    off = [row["v"] for held in datasets.values() for row in held]
    ramp = Ramp("cosine", min(off), max(off))
    panels = []
    for (key, held), (method, (where, geometry)) in zip(datasets.items(), found.items(), strict=True):
        values = [row["v"] for row in held]
        text = (
            f"Cosines between the {len(geometry.cosines)} prototypes of {method}, {where}: from {number(min(values))} "
            f"to {number(max(values))}, mean {number(sum(values) / len(values))}."
        )
        panels.append(Panel(f"cosines-{method}", f"{method}: {where}", text, _matrix(key, ramp), 240))
    caption = (
        "The best cell on validation of each method; for a method without prototypes, such as FixMatch, the rows of "
        "its classifier. Classes in order; the diagonal is 1 and left out. Equal cosines of -1/(K-1), K being the "
        "number of classes, would be a simplex."
    )
    name = f"cosines{view.slug}"
    return Figure(name, "Cosines between prototypes", "Cosines", caption, tuple(panels), datasets, (), ramp)


def _matrix(key: str, ramp: Ramp) -> Chart:
    x = alt.X("a:O", title="class", axis=alt.Axis(labelAngle=0))
    y = alt.Y("b:O", title="class")
    said = tips(("a:O", "class"), ("b:O", "class"), ("v:Q", "cosine", ".3f"))
    chart: alt.Chart = rows_of(key).mark_rect().encode(x=x, y=y, color=heat(ramp), tooltip=said)
    return chart


def _projection(view: View, found: Mapping[str, tuple[str, Geometry]]) -> Figure:
    datasets: dict[str, list[Row]] = {}
    panels = []
    for index, (method, (where, geometry)) in enumerate(found.items()):
        key = f"projection-{index}{view.slug}"
        images = zip(geometry.images, geometry.labels, strict=True)
        datasets[key] = [{"x": p[0], "y": p[1], "k": label, "w": "image"} for p, label in images]
        datasets[key] += [{"x": p[0], "y": p[1], "k": k, "w": "prototype"} for k, p in enumerate(geometry.prototypes)]
        text = (
            f"{len(geometry.images)} validation images and {len(geometry.prototypes)} prototypes of {method}, {where}, "
            f"on two axes that hold {percent(round(geometry.share, 3))} of the images' variance."
        )
        chart = _cloud(key, colours(view.study)[method])
        panels.append(Panel(f"projection-{method}", f"{method}: {where}", text, chart, 300))
    caption = (
        "Numbers are validation images by their true class, circled numbers are prototypes, all of unit length, on the "
        "images' two principal axes. What looks close here may be far apart in the other directions."
    )
    name = f"projection{view.slug}"
    return Figure(name, "Prototypes among images", "Projection", caption, tuple(panels), datasets)


def _cloud(key: str, colour: str) -> Chart:
    x = alt.X("x:Q", title="first axis", scale=alt.Scale(zero=False))
    y = alt.Y("y:Q", title="second axis", scale=alt.Scale(zero=False))
    base = rows_of(key).encode(x=x, y=y, tooltip=tips(("w:N", "what"), ("k:O", "class")))
    images = (
        base.transform_filter("datum.w == 'image'")
        .mark_text(fontSize=9, opacity=0.75, color="currentColor")
        .encode(text="k:O")
    )
    marks = base.transform_filter("datum.w == 'prototype'")
    circles = marks.mark_point(filled=True, size=260, color=colour, opacity=1)
    numbers = marks.mark_text(fontSize=11, fontWeight="bold", color="white").encode(text="k:O")
    return alt.layer(images, circles, numbers)
