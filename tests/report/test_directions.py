"""Prototypes of the best cell: the matrix of cosines and the projection."""

from __future__ import annotations

from ssc_tune.report.cells import views
from ssc_tune.report.figures import directions
from ssc_tune.training.result import Geometry

from .builders import case


def _picture(level: float) -> Geometry:
    return Geometry(
        cosines=((1.0, level, 0.1), (level, 1.0, 0.2), (0.1, 0.2, 1.0)),
        prototypes=((0.0, 1.0), (1.0, 0.0), (-1.0, 0.0)),
        images=((0.1, 0.9), (0.8, 0.1)),
        labels=(0, 1),
        share=0.75,
    )


def test_the_best_cell_with_a_picture_is_shown_of_each_method() -> None:
    made = case()
    view = views(made.study, made.tables)[0]
    cells = made.tables.cells[made.tables.cells["method"] == "ssc"].sort_values("validation_accuracy")
    good, bad = cells.iloc[-1], cells.iloc[0]
    cosines, projection = directions.figures(
        view, {good["cell_id"]: _picture(0.9), bad["cell_id"]: _picture(-0.5), "another study's": _picture(0.3)}
    )
    assert [panel.title for panel in cosines.panels] == [f"ssc: point {good['point']} seed {good['seed']}"]
    assert cosines.ramp == (0.1, 0.9)
    assert "from 0.100 to 0.900, mean 0.400" in cosines.panels[0].alt
    (rows,) = cosines.datasets.values()
    assert {(row["a"], row["b"]): row["v"] for row in rows}[0, 1] == 0.9
    assert len(rows) == 6
    (points,) = projection.datasets.values()
    assert [row["w"] for row in points] == ["image"] * 2 + ["prototype"] * 3
    assert "75%" in projection.panels[0].alt


def test_nothing_is_shown_without_pictures() -> None:
    made = case()
    assert directions.figures(views(made.study, made.tables)[0], {}) == []
