"""Prototypes of the best cell: the matrix of cosines and the projection."""

from __future__ import annotations

from typing import Any

from ssc_tune.records.record import Record
from ssc_tune.report.cells import views
from ssc_tune.report.figures import directions
from ssc_tune.report.figures.base import Given
from ssc_tune.training.result import Geometry
from tests.making.analyses import Case, case
from tests.making.studies import REPORTED, study


def _picture(level: float) -> Geometry:
    return Geometry(
        cosines=((1.0, level, 0.1), (level, 1.0, 0.2), (0.1, 0.2, 1.0)),
        prototypes=((0.0, 1.0), (1.0, 0.0), (-1.0, 0.0)),
        images=((0.1, 0.9), (0.8, 0.1)),
        labels=(0, 1),
        share=0.75,
    )


def _given(made: Case, geometries: dict[str, Geometry]) -> Given:
    return Given(made.study, made.tables, made.analysis, made.records, geometries)


def test_the_best_cell_of_each_method_is_shown() -> None:
    made = case()
    view = views(made.study, made.tables)[0]
    cells = made.tables.cells[made.tables.cells["method"] == "ssc"].sort_values("validation_accuracy")
    good, bad = cells.iloc[-1], cells.iloc[0]
    pictures = {bad["cell_id"]: _picture(-0.5), good["cell_id"]: _picture(0.9), "another study's": _picture(0.3)}
    cosines, projection = directions.figures(view, _given(made, pictures))
    assert [panel.title for panel in cosines.panels] == [f"ssc: point {good['point']}, seed {good['seed']}"]
    assert cosines.ramp == ("cosine", 0.1, 0.9)
    assert "from 0.100 to 0.900, mean 0.400" in cosines.panels[0].alt
    (rows,) = cosines.datasets.values()
    assert {(row["a"], row["b"]): row["v"] for row in rows}[0, 1] == 0.9
    assert len(rows) == 6
    (points,) = projection.datasets.values()
    assert [row["w"] for row in points] == ["image"] * 2 + ["prototype"] * 3
    assert "75%" in projection.panels[0].alt
    assert directions.figures(view, _given(made, {bad["cell_id"]: _picture(-0.5)})) == []


def test_nothing_is_shown_without_pictures() -> None:
    made = case()
    assert directions.figures(views(made.study, made.tables)[0], _given(made, {})) == []


def test_the_best_cell_is_the_one_of_a_plain_loop() -> None:
    blocks: dict[str, Any] = {"shared": {}, "own": {"parameters": ["tau", "temperature"], "methods": ["ssc"]}}
    made = case(study(REPORTED, blocks=blocks), num_failed=3)
    best: dict[tuple[str, str, str], Record] = {}
    for record in made.records:
        key = (record.block, record.setting, record.config.method)
        score = record.result.validation_accuracy
        if score is not None and (key not in best or score > (best[key].result.validation_accuracy or 0)):
            best[key] = record
    assert len(best) == 3
    assert made.tables.best_cells() == {key: record.cell_id for key, record in best.items()}
    empty = made.tables._replace(cells=made.tables.cells.assign(validation_accuracy=float("nan")))
    assert empty.best_cells() == {}


def test_of_equal_cells_the_first_point_and_seed_is_best() -> None:
    made = case()
    level = made.tables._replace(cells=made.tables.cells.assign(validation_accuracy=0.5)[::-1])
    first = made.tables.cells.query("point == 0 and seed == 0")
    assert level.best_cells() == {("shared", "main", row["method"]): row["cell_id"] for _, row in first.iterrows()}


def test_the_model_that_mlflow_gets_is_a_cell_of_the_report() -> None:
    """One rule: a method's model is the best of the cells whose pictures the report shows."""
    blocks: dict[str, Any] = {"shared": {}, "own": {"parameters": ["tau", "temperature"], "methods": ["ssc"]}}
    tables = case(study(REPORTED, blocks=blocks), num_failed=3).tables
    level = tables._replace(cells=tables.cells.assign(validation_accuracy=0.5)[::-1])
    for made in (tables, level):
        of_methods, shown = made.best_of_methods(), made.best_cells()
        assert set(of_methods) == {"fixmatch", "ssc"}
        assert set(of_methods.values()) <= set(shown.values())
        scores = made.cells.set_index("cell_id")["validation_accuracy"]
        for method, cell_id in of_methods.items():
            own = made.cells[(made.cells["method"] == method) & (made.cells["status"] == "ok")]
            assert scores[cell_id].max() == own["validation_accuracy"].max()
