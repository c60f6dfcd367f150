"""Scores and means behind the figures, against plain loops."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean

import pytest

from ssc_tune.report.cells import cell_rows, mean_rows, thin, unit, views
from tests.making.analyses import case
from tests.making.studies import REPORTED, study


def test_means_are_over_seeds_and_failures_count_at_chance() -> None:
    made = case(num_failed=3)
    scores = defaultdict(list)
    for record in made.records:
        accuracy = record.result.test_accuracy
        scores[record.config.method, record.point].append(0.1 if accuracy is None else accuracy)
    (view,) = views(made.study, made.tables)
    rows = mean_rows(view)
    assert {(row["m"], row["p"]) for row in rows} == set(scores)
    for row in rows:
        assert row["y"] == pytest.approx(fmean(scores[row["m"], row["p"]]), abs=1e-6)
        assert row["n"] == 3
    assert sum(row["st"] == "failed" for row in cell_rows(view)) == 3


def test_positions_are_those_of_the_search_space() -> None:
    made = case()
    (view,) = views(made.study, made.tables)
    cells = {row["c"]: row for row in cell_rows(view)}
    tau = made.study.search_space.parameters["tau"]
    for record in made.records:
        expected = tau.to_unit(record.config.hyperparameters["tau"])
        assert cells[record.cell_id]["x0"] == pytest.approx(expected, abs=1e-6)


def test_a_method_without_a_parameter_has_no_position() -> None:
    made = case(study(REPORTED, blocks={"shared": {}, "own": {"parameters": ["tau", "temperature", "prototypes"]}}))
    view = next(view for view in views(made.study, made.tables) if view.block == "own")
    has = {(row["m"], "x1" in row, "x2" in row) for row in mean_rows(view)}
    assert has == {("ssc", True, True), ("fixmatch", False, False)}
    assert view.slug == "-own"


def test_no_value_is_no_position() -> None:
    parameter = study(REPORTED).search_space.parameters["prototypes"]
    assert unit(parameter, float("nan")) is None
    assert unit(parameter, "unheard of") is None
    assert unit(parameter, "random") == 0.125


def test_thinning_keeps_every_kth_row_of_each_method() -> None:
    cells = case().tables.cells
    few = thin(cells, 10)
    assert few.groupby("method").size().to_dict() == {"fixmatch": 9, "ssc": 9}
    assert set(few["cell_id"]) < set(cells["cell_id"])
