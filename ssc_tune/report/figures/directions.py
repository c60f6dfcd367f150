"""Prototypes of each method's best cell: cosines between them, and where they lie among images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ssc_tune.analysis.tables import Tables
from ssc_tune.report.cells import Row, View
from ssc_tune.report.figures.base import Figure, Panel, Ramp, colours
from ssc_tune.report.numbers import number, percent
from ssc_tune.training.result import Geometry

if TYPE_CHECKING:
    import altair as alt

    from ssc_tune.report.figures.base import Chart


def figures(view: View, tables: Tables, geometries: Mapping[str, Geometry]) -> list[Figure]:
    """A matrix of cosines and a projection for the best cell of each method; nothing where no picture was kept."""
    found = _best(view, tables, geometries)
    if not found:
        return []
    return [_cosines(view, found), _projection(view, found)]


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
    datasets: dict[str, list[Row]] = {}
    panels = []
    off: list[float] = []
    for index, (method, (where, geometry)) in enumerate(found.items()):
        key = f"cosines-{index}{view.slug}"
        rows = geometry.cosines
        datasets[key] = [{"a": i, "b": j, "v": v} for i, row in enumerate(rows) for j, v in enumerate(row) if i != j]
        values = [row["v"] for row in datasets[key]]
        off += values
        text = (
            f"Cosines between the {len(rows)} prototypes of {method}, {where}: from {number(min(values))} to "
            f"{number(max(values))}, mean {number(sum(values) / len(values))}."
        )
        panels.append((key, method, where, text))
    ramp = Ramp("cosine", min(off), max(off))
    made = tuple(
        Panel(f"cosines-{method}", f"{method}: {where}", text, _matrix(key, ramp), 240)
        for key, method, where, text in panels
    )
    caption = (
        "The best cell on validation of each method; for a method without prototypes, such as FixMatch, the rows of "
        "its classifier. Classes in order; the diagonal is 1 and left out. Equal cosines of -1/(K-1), K being the "
        "number of classes, would be a simplex."
    )
    return Figure(f"cosines{view.slug}", "Cosines between prototypes", "Cosines", caption, made, datasets, (), ramp)


def _matrix(key: str, ramp: Ramp) -> Chart:
    import altair as alt

    chart: alt.Chart = (
        alt.Chart(alt.NamedData(key))
        .mark_rect()
        .encode(
            x=alt.X("a:O", title="class", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("b:O", title="class"),
            color=alt.Color(
                "v:Q",
                title=ramp.title,
                scale=alt.Scale(scheme="cividis", domain=[ramp.low, ramp.high]),
                legend=alt.Legend(format=".2f"),
            ),
            tooltip=[
                alt.Tooltip("a:O", title="class"),
                alt.Tooltip("b:O", title="class"),
                alt.Tooltip("v:Q", title="cosine", format=".3f"),
            ],
        )
    )
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
    return Figure(
        f"projection{view.slug}", "Prototypes among images", "Projection", caption, tuple(panels), datasets, ()
    )


def _cloud(key: str, colour: str) -> Chart:
    import altair as alt

    x = alt.X("x:Q", title="first axis", scale=alt.Scale(zero=False))
    y = alt.Y("y:Q", title="second axis", scale=alt.Scale(zero=False))
    tips = [alt.Tooltip("w:N", title="what"), alt.Tooltip("k:O", title="class")]
    base = alt.Chart(alt.NamedData(key)).encode(x=x, y=y, tooltip=tips)
    images = (
        base.transform_filter("datum.w == 'image'")
        .mark_text(fontSize=9, opacity=0.75, color="currentColor")
        .encode(text="k:O")
    )
    marks = base.transform_filter("datum.w == 'prototype'")
    circles = marks.mark_point(filled=True, size=260, color=colour, opacity=1)
    numbers = marks.mark_text(fontSize=11, fontWeight="bold", color="white").encode(text="k:O")
    return alt.layer(images, circles, numbers)
