"""Factors: a point may set the data or the net, and its cell is the one that a setting would have made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune import methods
from ssc_tune.analysis.arrays import coordinates
from ssc_tune.analysis.build import build_tables
from ssc_tune.design.cell_source import SearchSource
from ssc_tune.design.cells import Cell, Placement, fixed_cells, make_cell
from ssc_tune.design.distinct import count
from ssc_tune.design.points import fixed_points
from ssc_tune.design.storage import open_storage
from ssc_tune.study import Study, load_study
from ssc_tune.study.model.factors import FACTORS
from ssc_tune.study.registration import may_share_cells, plan_of
from ssc_tune.training.config import CellConfig
from tests.making.dump import dump_study
from tests.making.records import record
from tests.making.studies import FAKE, RATE, study

SPACE: dict[str, Any] = {
    "learning_rate": RATE,
    "labels_per_class": {"type": "int", "default": 4, "low": 1, "high": 20, "log": True},
    "label_noise": {"type": "float", "default": 0.0, "low": 0.0, "high": 0.4},
    "imbalance": {"type": "float", "default": 1.0, "low": 1.0, "high": 50.0, "log": True},
    "unlabelled_imbalance": {"type": "choice", "default": 1.0, "choices": [1.0, 10.0]},
    "unknown_share": {"type": "float", "default": 0.3, "low": 0.1, "high": 0.8},
    "model": {"type": "choice", "default": "wrn-10-1", "choices": ["wrn-10-1", "wrn-16-1"]},
    "input_size": {"type": "int", "default": 8, "low": 8, "high": 32},
}
UNKNOWN = {"unknown_classes": 2}
PLACE = Placement("shared", "main", "ssc", 1, 0)


def varied(*names: str, **changes: Any) -> Study:
    space = {"parameters": {name: SPACE[name] for name in (*names, "learning_rate")}}
    return study(FAKE, **{"search_space": space, "claims": [], "data": UNKNOWN, **changes})


POINTS = st.fixed_dictionaries({
    "labels_per_class": st.integers(1, 20),
    "label_noise": st.floats(0, 0.4) | st.just(0),
    "imbalance": st.floats(1, 50) | st.integers(1, 50),
    "unlabelled_imbalance": st.sampled_from([1.0, 10.0, 10]),
    "unknown_share": st.floats(0.1, 0.8),
    "model": st.sampled_from(["wrn-10-1", "wrn-16-1"]),
    "input_size": st.integers(8, 32),
})  # fmt: skip


@given(POINTS)
def test_a_factor_makes_the_cell_that_a_setting_would_make(values: dict[str, Any]) -> None:
    data = {name: values[name] for name in values if name not in ("model", "input_size")}
    model = {"name": values["model"], "input_size": values["input_size"]}
    space = {"parameters": {"learning_rate": RATE}}
    fixed = study(FAKE, data=data | UNKNOWN, model=model, search_space=space, claims=[])
    whole = varied(*FACTORS)
    for method in ("fixmatch", "ssc"):
        place = PLACE._replace(method=method)
        cell = make_cell(whole, place, {**values, "learning_rate": 0.02})
        expected = make_cell(fixed, place, {"learning_rate": 0.02})
        assert cell.config == expected.config
        assert cell.cell_id == expected.cell_id
        assert {name: whole.values_of(cell.config)[name] for name in values} == values


def test_every_factor_is_a_key_of_data_or_model_and_no_hyperparameter_of_a_method() -> None:
    assert set(SPACE) - {"learning_rate"} == set(FACTORS)
    for name, factor in FACTORS.items():
        assert factor.key in factor.config.model_fields
        for method in methods.names:
            assert name not in methods.get(method).Hyperparameters.model_fields


def test_what_a_block_does_not_vary_is_at_its_default() -> None:
    parts = {"shared": {"parameters": ["learning_rate"]}, "labels": {"parameters": ["labels_per_class"]}}
    of = varied("labels_per_class", "label_noise", blocks=parts, settings={"big": {"data": {"name": "mnist5k"}}})
    cells = fixed_cells(of)
    shared = {cell.config.data.labels_per_class for cell in cells if cell.placement.block == "shared"}
    labels = [cell.config.data.labels_per_class for cell in cells if cell.placement.block == "labels"]
    points = fixed_points(of, "labels")
    assert shared == {4}
    assert labels[:: 2 * 3] == [point.values["labels_per_class"] for point in points]
    assert len(set(labels)) > 4
    assert {cell.config.data.name for cell in cells} == {"mnist5k"}
    assert {cell.config.data.label_noise for cell in cells} == {0.0}


@pytest.mark.parametrize(
    "design",
    [
        {"type": "random", "points": 6},
        {"type": "grid", "levels": {"labels_per_class": [1, 4], "label_noise": [0, 0.2, 0.4]}},
        {"type": "one-at-a-time", "levels": {"labels_per_class": [1, 8], "label_noise": [0.2]}},
    ],
)
def test_every_design_takes_factors(design: dict[str, Any]) -> None:
    of = varied("labels_per_class", "label_noise", design=design)
    by_point = {cell.placement.point: cell.config.data for cell in fixed_cells(of)}
    for point in fixed_points(of, "shared"):
        data = by_point[point.number]
        assert {name: getattr(data, name) for name in FACTORS if name in point.values} == {
            name: value for name, value in point.values.items() if name in FACTORS
        }


def test_points_that_differ_in_a_factor_alone_are_distinct() -> None:
    levels = {"labels_per_class": [1, 2, 3]}
    assert str(count(varied("labels_per_class", design={"type": "grid", "levels": levels}), "shared", "ssc")) == (
        "3 points"
    )


def test_a_search_varies_factors_and_goes_on_from_its_cells(tmp_path: Path) -> None:
    of = varied("labels_per_class", "model", design={"type": "search", "points": 4}, seeds=1)
    scores: dict[str, float] = {}

    def source(earlier: list[tuple[Placement, dict[str, Any]]]) -> SearchSource:
        made = SearchSource(of, scores.get, earlier)
        made.open(open_storage(str(tmp_path / f"{len(earlier)}.log"), tmp_path))
        return made

    first, cells = source([]), []
    while isinstance(cell := first.next(), Cell):
        scores[cell.cell_id] = cell.config.data.labels_per_class / 20
        cells.append(cell)
        first.finished(cell.cell_id)
    assert len(cells) == 2 * 5
    assert len({cell.config.data.labels_per_class for cell in cells}) > 1
    again = source([(c.placement, of.values_of(c.config)) for c in cells if c.placement.point])
    assert again.next() is None
    assert {cell.cell_id for cell in again.cells} == {cell.cell_id for cell in cells}


def test_a_hyperparameter_of_that_name_is_no_factor() -> None:
    own = {"mine": {"function": "anywhere:train", "hyperparameters": {"model": "tree", "learning_rate": 0.03}}}
    space = {"model": {"type": "choice", "default": "tree", "choices": ["tree", "forest"]}}
    of = study(FAKE, methods=["mine"], own_methods=own, search_space={"parameters": space}, claims=[])
    assert of.factors == {}
    cell = make_cell(of, PLACE._replace(method="mine"), {"model": "forest"})
    assert (cell.config.hyperparameters["model"], cell.config.model.name) == ("forest", "wrn-10-1")


def test_a_function_is_given_the_factors_of_its_setting() -> None:
    own = {"mine": {"function": "anywhere:train", "hyperparameters": {"depth": 3}}}
    space = {"parameters": {"labels_per_class": SPACE["labels_per_class"]}}
    of = study(FAKE, methods=["mine"], own_methods=own, search_space=space, claims=[])
    config = make_cell(of, PLACE._replace(method="mine"), {"labels_per_class": 7}).config
    assert config.data.labels_per_class == 7
    assert "labels_per_class" not in config.hyperparameters


def test_one_pretraining_serves_labels_and_noise_but_no_two_nets() -> None:
    of = varied("labels_per_class", "label_noise", "model", pretrain={"steps": 5, "batch_size": 50})

    def first_stage(**values: Any) -> str:
        config: CellConfig = make_cell(of, PLACE, {"learning_rate": 0.02, **values}).config
        return config.pretraining_id

    base = first_stage()
    assert first_stage(labels_per_class=9, label_noise=0.3) == base
    assert first_stage(model="wrn-16-1") != base


def test_a_study_with_factors_is_written_so_that_it_reads_back(tmp_path: Path) -> None:
    settings = {"few": {"data": {"validation": 200, **UNKNOWN}}, "all": {"model": {"variant": "authors"}}}
    of = varied(*FACTORS, settings=settings)
    path = tmp_path / "s.yaml"
    path.write_text(dump_study(of), encoding="utf-8")
    assert load_study(path) == of


def test_plans_share_cells_where_one_varies_what_the_other_fixes() -> None:
    whole, few = varied("labels_per_class"), varied(data={"labels_per_class": 2, **UNKNOWN})
    assert may_share_cells(plan_of(whole), plan_of(few))
    assert not may_share_cells(plan_of(whole), plan_of(varied(data={"name": "mnist5k"})))


def test_tables_hold_factors_and_analyses_see_them_on_their_scale() -> None:
    of = varied("labels_per_class", "label_noise", points=8)
    cells = fixed_cells(of)
    tables = build_tables(of, cells, {cell.cell_id: record(cell, 0.5, study=of.name) for cell in cells})
    for row in tables.cells.itertuples():
        config = next(cell.config for cell in cells if cell.cell_id == row.cell_id)
        assert (row.labels_per_class, row.label_noise) == (config.data.labels_per_class, config.data.label_noise)
    where = coordinates(of, tables, block="shared", setting="main", points=np.arange(9))
    assert where.names == ("labels_per_class", "label_noise", "learning_rate")
    expected = [point.values["label_noise"] for point in fixed_points(of, "shared")]
    np.testing.assert_allclose(where.unit[:, 1], np.array(expected) / 0.4)
