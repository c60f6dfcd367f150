"""Cells: what decides a result decides the id, and nothing else does."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from ssc_tune.design.cells import Placement, fixed_cells, make_cell, placements
from ssc_tune.frozen import without_later
from ssc_tune.methods.ssc import SSCHyperparameters
from ssc_tune.training.config import SEMANTICS_VERSION, CellConfig, DataConfig, ModelConfig
from tests.making.studies import study

PLACE = Placement("specific", "main", "ssc", 1, 0)


def test_every_point_method_and_seed_in_every_block() -> None:
    cells = fixed_cells(study())
    assert len(cells) == 2 * 5 * 2 * 2  # blocks, points with the defaults, methods, seeds
    assert len({cell.placement for cell in cells}) == len(cells)


def test_pairs_come_together() -> None:
    first = [cell.placement for cell in fixed_cells(study())[:4]]
    assert [(p.point, p.seed, p.method) for p in first] == [
        (0, 0, "fixmatch"),
        (0, 0, "ssc"),
        (0, 1, "fixmatch"),
        (0, 1, "ssc"),
    ]


def test_the_defaults_stand_in_both_blocks_and_are_one_cell() -> None:
    places = placements(fixed_cells(study()))
    shared = [found for found in places.values() if len(found) > 1]
    defaults = [found for found in shared if all(place.point == 0 for place in found)]
    assert len(defaults) == 4  # 2 methods x 2 seeds
    assert {place.block for place in defaults[0]} == {"shared", "specific"}


def test_a_method_ignores_what_it_lacks() -> None:
    of = study()
    cells = {cell.placement: cell for cell in fixed_cells(of)}
    for point in range(1, 5):
        fixmatch = cells[Placement("specific", "main", "fixmatch", point, 0)].config
        ssc = cells[Placement("specific", "main", "ssc", point, 0)].config
        assert "temperature" not in fixmatch.hyperparameters
        assert fixmatch.hyperparameters["learning_rate"] == ssc.hyperparameters["learning_rate"]
        assert ssc.hyperparameters["temperature"] != 0.1


def test_points_that_differ_in_what_a_method_lacks_are_one_cell_for_it() -> None:
    of = study()
    values = [{"temperature": t, "prototype_init": "random", "learning_rate": 0.02} for t in (0.05, 0.2)]
    for method, num in (("fixmatch", 1), ("ssc", 2)):
        ids = {make_cell(of, PLACE._replace(method=method), dict(v)).cell_id for v in values}
        assert len(ids) == num


def test_the_id_is_the_hash_of_the_whole_configuration() -> None:
    cell = make_cell(study(), PLACE, {"temperature": 0.2})
    whole = cell.config.model_dump(mode="json")
    content = {"semantics": SEMANTICS_VERSION, **without_later(CellConfig, whole)}
    # Later fields at their defaults are no part of it.
    content["data"] = without_later(DataConfig, whole["data"])
    content["model"] = without_later(ModelConfig, whole["model"])
    content["hyperparameters"] = without_later(SSCHyperparameters, whole["hyperparameters"])
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert cell.cell_id == hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    "change",
    [
        {"training": {"steps": 7, "evaluations": 2}},
        {"data": {"labels_per_class": 3}},
        {"data": {"name": "mnist5k"}},
        {"model": {"name": "wrn-16-1"}},
        {"hyperparameters": {"batch_size": 16}},
        {"hyperparameters": {"batch_size": 8, "momentum": 0.8}},
        {"methods": {"fixmatch": {}, "ssc": {"prototype_weight": 0.5}}},
        {"resources": {"cpus": 2}},  # threads
    ],
)
def test_what_decides_a_result_changes_every_id(change: dict[str, Any]) -> None:
    before = {cell.placement: cell.cell_id for cell in fixed_cells(study())}
    after = {cell.placement: cell.cell_id for cell in fixed_cells(study(**change))}
    touched = [p for p in before if before[p] != after[p]]
    concerned = [p for p in before if p.method == "ssc"] if "methods" in change else list(before)
    assert touched == concerned


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"description": "in other words"},
        {"seeds": 5},
        {"design": {"type": "sobol", "points": 32}},
        {"resources": {"cpus": 1.5, "max_parallel": 3}},
        {"resources": {"cpus": 0.25, "gpus": 0.5, "gpu_type": "H100"}},
        {"cluster": {"address": "auto"}},
        {"retries": 9},
        {"methods": ["fixmatch", "ssc", "supervised"]},
        {"claims": [{"name": "c", "less": "ssc", "than": "fixmatch", "in": "std"}]},
    ],
)
def test_what_does_not_decide_a_result_leaves_every_id(change: dict[str, Any]) -> None:
    before = {cell.placement: cell.cell_id for cell in fixed_cells(study())}
    after = {cell.placement: cell.cell_id for cell in fixed_cells(study(**change))}
    assert {p: after[p] for p in before} == before


def test_a_setting_replaces_data_and_net() -> None:
    of = study(settings={"few": {"data": {"labels_per_class": 1}}, "deep": {"model": {"name": "wrn-16-1"}}})
    cells = {cell.placement: cell.config for cell in fixed_cells(of)}
    few = cells[Placement("shared", "few", "ssc", 1, 0)]
    deep = cells[Placement("shared", "deep", "ssc", 1, 0)]
    assert (few.data.labels_per_class, few.model.name) == (1, "wrn-10-1")
    assert (deep.data.labels_per_class, deep.model.name) == (4, "wrn-16-1")
    assert few.hyperparameters == deep.hyperparameters
