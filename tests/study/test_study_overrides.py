"""``--set path.to.key=value``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssc_tune.study import load_study
from tests.making.files import BASE


@pytest.mark.parametrize(
    ("override", "path", "expected"),
    [
        ("seeds=5", ("seeds",), 5),
        ("seeds = 5", ("seeds",), 5),
        ("claims.0.confidence=0.9", ("claims", 0, "confidence"), 0.9),
        ("hyperparameters.mu=4", ("hyperparameters", "mu"), 4),
        ("hyperparameters.weight_decay=1e-3", ("hyperparameters", "weight_decay"), 0.001),
        ("search_space.parameters.tau.low=0.9", ("search_space", "parameters", "tau", "low"), 0.9),
        ("training.compile=true", ("training", "compile"), True),
        ("methods.ssc.pseudo_temperature=0.1", ("methods", "ssc", "pseudo_temperature"), 0.1),
        ("design={type: random, points: 8}", ("design", "points"), 8),
        ("description=a=b: c", ("description",), None),
        ("description='a=b: c'", ("description",), "a=b: c"),
        ("blocks.all.parameters=[tau, temperature]", ("blocks", "all", "parameters"), ("tau", "temperature")),
        ("claims=[]", ("claims",), ()),
    ],
)
def test_a_change_is_a_change_of_that_value_only(
    write: Callable[..., Path],
    problems: Callable[..., list[str]],
    override: str,
    path: tuple[str | int, ...],
    expected: object,
) -> None:
    if expected is None:
        assert problems(BASE, override)
        return
    changed = load_study(write(BASE), [override]).model_dump(by_alias=True)
    value = changed
    for step in path:
        value = value[step]
    assert value == expected
    before = load_study(write(BASE)).model_dump(by_alias=True)
    assert {key: item for key, item in before.items() if key != path[0]} == {
        key: item for key, item in changed.items() if key != path[0]
    }


def test_later_changes_win(write: Callable[..., Path]) -> None:
    assert load_study(write(BASE), ["seeds=5", "seeds=7"]).seeds == 7


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["seeds"], ["--set seeds: must have the form path.to.key=value"]),
        (["=3"], ["--set =3: must have the form path.to.key=value"]),
        (["a..b=3"], ["--set a..b=3: must have the form path.to.key=value"]),
        (["seeds=[1"], ["--set seeds=[1: not valid YAML: expected ',' or ']', but got '<stream end>'"]),
        (["seeds=0"], ["--set seeds=0: must be at least 1, not 0"]),
        (["seeds=true"], ["--set seeds=true: must be a whole number, not true"]),
        (["seeds.x=1"], ["--set seeds.x=1: cannot set 'x' inside 2"]),
        (["claims.1.n=1"], ["--set claims.1.n=1: no item '1' in the list; allowed: 0 to 0"]),
        (["claims.x.n=1"], ["--set claims.x.n=1: no item 'x' in the list; allowed: 0 to 0"]),
        (["resources.cpu=1"],
         ["--set resources.cpu=1: unknown key (did you mean 'cpus'?); allowed: cpus, gpus, gpu_type, max_parallel"]),
        (["design={type: sobol}"], ["--set design={type: sobol}: points: the key is missing"]),
        (["training.steps=5"],
         ["s.yaml:1: training: evaluations (8) must not exceed steps (5) (with --set training.steps=5)"]),
        (["search_space.parameters.tau.high=2", "search_space.parameters.tau.log=false"],
         ["--set search_space.parameters.tau.high=2: must be at most 1, not 2.0 (hyperparameter tau of fixmatch)"]),
        (["seeds=0", "oops", "claims.0.in=sdt", "design.points=1"],
         ["--set oops: must have the form path.to.key=value",
          "--set seeds=0: must be at least 1, not 0",
          ("--set claims.0.in=sdt: 'sdt' is not known (did you mean 'std'?); allowed: std, iqr, range, mean, cvar, "
          "worst, default, best_of_n, tunability, default_regret, near_optimal_volume, importance, tolerance_width, "
          "transfer_sensitivity, steps_to_target, area_under_curve, below"),
          "--set design.points=1: must be at least 2, not 1"]),
        (["search_space=none.yaml", "search_space.parameters.tau.low=0.5"],
         ["--set search_space=none.yaml: no file 'none.yaml' in ."]),
    ],
)  # fmt: skip
def test_mistakes_name_the_change(
    problems: Callable[..., list[str]], overrides: list[str], expected: list[str]
) -> None:
    assert problems(BASE, *overrides) == expected


def test_mistakes_of_the_file_come_before_those_of_the_changes(problems: Callable[..., list[str]]) -> None:
    assert problems(BASE.replace("seeds: 2", "seeds: 0"), "design.points=1") == [
        "s.yaml:10: seeds: must be at least 1, not 0",
        "--set design.points=1: must be at least 2, not 1",
    ]
