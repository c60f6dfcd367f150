"""The hash of a plan: the same for the same plan however it is written, another for any other plan."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from ssc_tune.design.cells import fixed_cells
from ssc_tune.study import Study, load_study
from ssc_tune.study.reading.yaml_reader import parse_yaml
from ssc_tune.study.registration import differences, hash_of, may_share_cells, plan_hash, plan_of
from tests.making.dump import dump_study
from tests.making.files import BASE as TEXT
from tests.making.strategies import studies
from tests.making.studies import study

SPACE: dict[str, Any] = {
    "learning_rate": {"type": "float", "default": 0.03, "factor": 3, "reason": "usual"},
    "tau": {"type": "float", "default": 0.95, "low": 0.6, "high": 0.99, "log": True, "complement": True},
    "mu": {"type": "int", "default": 2, "low": 1, "high": 4},
    "temperature": {"type": "float", "default": 0.1, "factor": 3, "applies_to": ["ssc"]},
    "prototype_init": {"type": "choice", "default": "random", "choices": ["random", "kmeans"], "applies_to": ["ssc"]},
}
RATES = ["learning_rate", "temperature", "prototype_init"]
BASE: dict[str, Any] = {
    "name": "plan",
    "description": "What is planned.",
    "methods": {"fixmatch": {}, "ssc": {"prototype_weight": 0.5}},
    "hyperparameters": {"batch_size": 32},
    "search_space": {"parameters": SPACE, "description": "Ranges."},
    "design": {"type": "sobol", "points": 8},
    "blocks": {"shared": {}, "rates": {"parameters": RATES}},
    "settings": {"few": {"data": {"labels_per_class": 1}}, "many": {}},
    "claims": [
        {"name": "b", "less": "ssc", "than": "fixmatch", "in": "std", "setting": "few", "expected": "supported"},
        {"name": "a", "more": "ssc", "than": "fixmatch", "in": "mean", "setting": "many", "source": "a paper"},
    ],
}


def made(**changes: Any) -> Study:
    return study(BASE, **changes)


def space(name: str, **changes: Any) -> dict[str, Any]:
    parameter = {key: value for key, value in {**SPACE[name], **changes}.items() if value is not None}
    return {"search_space": {"parameters": {**SPACE, name: parameter}}}


def claim(**changes: Any) -> dict[str, Any]:
    return {"claims": [{**BASE["claims"][0], **changes}, BASE["claims"][1]]}


DECIDING: dict[str, dict[str, Any]] = {
    "data.name": {"data": {"name": "mnist5k"}},
    "data.labels_per_class": {"data": {"labels_per_class": 3}},
    "data.validation": {"data": {"validation": 250}},
    "model.name": {"model": {"name": "wrn-16-1"}},
    "training.steps": {"training": {"steps": 100}},
    "training.evaluations": {"training": {"evaluations": 4}},
    "training.precision": {"training": {"precision": "float32"}},
    "training.compile": {"training": {"compile": True}},
    "training.channels_last": {"training": {"channels_last": False}},
    "training.weak_view": {"training": {"weak_view": "separate"}},
    "methods": {"methods": {"fixmatch": {}, "ssc": {"prototype_weight": 0.5}, "supervised": {}}},
    "methods.ssc": {"methods": {"fixmatch": {}, "ssc": {"prototype_weight": 0.6}}},
    "methods.fixmatch": {"methods": {"fixmatch": {"momentum": 0.5}, "ssc": {"prototype_weight": 0.5}}},
    "hyperparameters": {"hyperparameters": {"batch_size": 33}},
    "hyperparameters gone": {"hyperparameters": {}},
    "space.default": space("tau", default=0.9),
    "space.low": space("tau", low=0.61),
    "space.high": space("tau", high=0.98),
    "space.log": space("mu", log=True),
    "space.complement": space("tau", complement=None),
    "space.factor": space("learning_rate", factor=4),
    "space.choices": space("prototype_init", choices=["random", "kmeans", "simplex"]),
    "space.applies_to": space("temperature", applies_to=["ssc", "fixmatch"]),
    "space: one less": {"search_space": {"parameters": {k: v for k, v in SPACE.items() if k != "mu"}}},
    "space: order": {"search_space": {"parameters": dict(reversed(SPACE.items()))}},
    "design.type": {"design": {"type": "random", "points": 8}},
    "design.points": {"design": {"type": "sobol", "points": 16}},
    "design.seed": {"design": {"type": "sobol", "points": 8, "seed": 1}},
    "design: search": {"design": {"type": "search", "points": 8}},
    "design: grid": {"design": {"type": "grid", "levels": {"tau": [0.9, 0.95]}}},
    "blocks": {"blocks": {"shared": {}}},
    "blocks.parameters": {"blocks": {"shared": {}, "rates": {"parameters": ["tau"]}}},
    "blocks.methods": {"blocks": {"shared": {"methods": ["ssc"]}, "rates": {"parameters": RATES}}},
    "settings": {"settings": {"few": {"data": {"labels_per_class": 2}}, "many": {}}},
    "settings.model": {"settings": {"few": {"data": {"labels_per_class": 1}}, "many": {"model": {"name": "wrn-16-1"}}}},
    "seeds": {"seeds": 5},
    "threads": {"resources": {"cpus": 2}},
    "claims: one less": {"claims": BASE["claims"][:1]},
    "claims: none": {"claims": []},
    "claims.name": claim(name="c"),
    "claims.methods": claim(less="fixmatch", than="ssc"),
    "claims.more": claim(less=None, more="ssc"),
    "claims.in": claim(**{"in": "iqr"}),
    "claims.margin": claim(margin=0.02),
    "claims.block": claim(block="rates"),
    "claims.setting": claim(setting="many"),
    "claims.confidence": claim(confidence=0.9),
    "claims.within": claim(less=None, than=None, equivalent=["ssc", "fixmatch"], within=0.1),
    "claims.n": claim(**{"in": "best_of_n"}, n=4),
    "claims.target": claim(**{"in": "importance"}, less=None, than=None, method="ssc", parameter="tau", at_least=0.5),
}
FREE: dict[str, dict[str, Any]] = {
    "name": {"name": "other"},
    "description": {"description": ""},
    "resources": {"resources": {"cpus": 1.9, "gpus": 1, "max_parallel": 2, "gpu_type": "A100"}},
    "cluster": {"cluster": {"address": "head:6379"}},
    "retries": {"retries": 7},
    "expected": claim(expected=None),
    "source": claim(source="another paper"),
    "order of claims": {"claims": BASE["claims"][::-1]},
    "reason": space("learning_rate", reason="because"),
    "description of the space": {"search_space": {"parameters": SPACE, "description": "Other words."}},
    "factor as limits": space("learning_rate", factor=None, low=0.01, high=0.09, log=True),
    "fixed for each": {
        "methods": {"fixmatch": {"batch_size": 32}, "ssc": {"prototype_weight": 0.5, "batch_size": 32}},
        "hyperparameters": {},
    },
    "a default written out": {"hyperparameters": {"batch_size": 32, "momentum": 0.9}},
    "methods in another order": {"methods": {"ssc": {"prototype_weight": 0.5}, "fixmatch": {}}},
}


@pytest.mark.parametrize("change", DECIDING.values(), ids=DECIDING)
def test_what_decides_cells_or_verdicts_changes_the_hash(change: dict[str, Any]) -> None:
    assert plan_hash(made(**change)) != plan_hash(made())
    assert differences(plan_of(made()), plan_of(made(**change)))


def test_no_two_of_these_plans_share_a_hash() -> None:
    assert len({plan_hash(made(**change)) for change in DECIDING.values()}) == len(DECIDING)


@pytest.mark.parametrize("change", FREE.values(), ids=FREE)
def test_what_decides_neither_does_not(change: dict[str, Any]) -> None:
    assert plan_of(made(**change)) == plan_of(made())
    assert plan_hash(made(**change)) == plan_hash(made())


def test_equal_hashes_mean_equal_cells() -> None:
    """The tables above against the cells themselves, which know nothing of plans."""
    cells = {cell.cell_id for cell in fixed_cells(made())}
    for name, change in FREE.items():
        assert {cell.cell_id for cell in fixed_cells(made(**change))} == cells, name
    for name, change in DECIDING.items():
        if "claims" not in change and name != "space.applies_to":  # FixMatch has no temperature all the same
            assert {cell.cell_id for cell in fixed_cells(made(**change))} != cells, name


def turned(value: Any, path: tuple[str, ...] = ()) -> Any:
    """The same with the keys of every mapping in the opposite order, but for parameters, whose order decides points."""
    if isinstance(value, dict):
        keys = list(value) if path[-2:] == ("search_space", "parameters") else list(reversed(value))
        return {key: turned(value[key], (*path, key)) for key in keys}
    return [turned(item, path) for item in value] if isinstance(value, list | tuple) else value


@given(studies())
@settings(max_examples=60, deadline=None)
def test_neither_the_order_of_keys_nor_written_defaults_matter(drawn: Study) -> None:
    whole = drawn.model_dump(mode="json", by_alias=True)
    short = drawn.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for content in (whole, short, turned(whole), turned(short), parse_yaml(dump_study(drawn), "written").value):
        assert plan_hash(study(content)) == plan_hash(drawn)


@given(studies())
@settings(max_examples=30, deadline=None)
def test_a_plan_is_plain_json_and_its_hash_can_be_had_without_this_program(study: Study) -> None:
    plan = plan_of(study)
    stored = json.loads(json.dumps(plan))
    assert stored == plan
    text = json.dumps(stored, sort_keys=True, separators=(",", ":"))
    assert hash_of(stored) == plan_hash(study) == hashlib.sha256(text.encode("ascii")).hexdigest()
    for word in ("name", "description", "resources", "cluster", "retries"):
        assert word not in plan


def test_the_hash_of_a_file_stays() -> None:
    """Later versions must find a registered hash again; only another semantics version may change it."""
    plan = plan_of(made())
    assert plan.pop("semantics") > 0
    assert hash_of({**plan, "semantics": 2}) == "750d6016a6608b044e8d9dfa21f5a85e2ccd61a2e7a8e31cfd22d9a97a546818"
    assert plan["methods"] == {"fixmatch": {"batch_size": 32}, "ssc": {"batch_size": 32, "prototype_weight": 0.5}}
    assert plan["design"] == {"type": "sobol", "points": 8}
    assert [name for name, _ in plan["parameters"]] == list(SPACE)
    assert plan["parameters"][0][1] == {"type": "float", "default": 0.03, "low": 0.01, "high": 0.09, "log": True}
    assert [c["name"] for c in plan["claims"]] == ["a", "b"]
    assert "data" not in plan


def test_overrides_in_any_order(write: Callable[..., Path]) -> None:
    path = write(TEXT)
    changes = ["seeds=4", "design.points=8", "claims.0.margin=0.02", "hyperparameters.momentum=0.5"]
    assert plan_hash(load_study(path, changes)) == plan_hash(load_study(path, changes[::-1]))
    assert plan_hash(load_study(path, changes)) != plan_hash(load_study(path))


def test_differences_are_named_by_their_place() -> None:
    now = made(seeds=4, **space("tau", low=0.5), **claim(margin=0.02))
    assert sorted(differences(plan_of(made()), plan_of(now))) == [
        "claims.b.margin: not given -> 0.02",
        "parameters.tau.low: 0.6 -> 0.5",
        "seeds: not given -> 4",
    ]
    assert differences(plan_of(made()), plan_of(made(name="other"))) == []
    (order,) = differences(plan_of(made()), plan_of(made(**DECIDING["space: order"])))
    assert order.startswith("order of parameters: ")


def test_plans_that_may_share_cells() -> None:
    base = plan_of(made())
    assert may_share_cells(base, base)
    for name in ("design.points", "seeds", "claims: none", "space.low", "hyperparameters", "settings"):
        assert may_share_cells(base, plan_of(made(**DECIDING[name]))), name
    for change in ({"training": {"steps": 100}}, {"settings": {}, "data": {"labels_per_class": 2}}):
        assert not may_share_cells(base, plan_of(made(**change)))
    alone = {"methods": ["supervised"], "claims": [], "blocks": {"shared": {}}}
    assert not may_share_cells(base, plan_of(made(**alone)))
