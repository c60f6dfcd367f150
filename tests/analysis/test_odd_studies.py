"""Studies that hardly say anything: constant, failed, with two seeds, half done. No number is taken from nothing.

A RuntimeWarning is an error in every test (pyproject.toml); what is undefined has its reason instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from ssc_tune.analysis.analyze import analyze
from ssc_tune.report.context import context
from ssc_tune.report.figures import figures
from tests.making.tables import Accuracy, make_study, make_tables, surface

PAIR = {"more": "ssc", "than": "fixmatch"}
MEASURES = ("mean", "cvar", "std", "iqr", "worst", "default", "area_under_curve", "steps_to_target", "default_regret")
SOBOL: dict[str, Any] = {"type": "sobol", "points": 3}
GRID = {"type": "grid", "levels": {"tau": [0.86, 0.9, 0.97], "learning_rate": [0.01, 0.03]}}
CENTRE = {"type": "one-at-a-time", "levels": {"tau": [0.86, 0.97], "learning_rate": [0.01, 0.06]}}
EVERY = [(method, point, seed) for method in ("ssc", "fixmatch") for point in range(9) for seed in range(3)]


def constant(method: str, unit: Mapping[str, float], seed: int) -> float:
    return 0.5


def by_seed(method: str, unit: Mapping[str, float], seed: int) -> float:
    return 0.5 + 0.1 * seed


@pytest.mark.parametrize(
    ("design", "seeds", "accuracy", "statuses"),
    [
        (SOBOL, 1, constant, {}),
        (SOBOL, 2, by_seed, {}),
        ({**SOBOL, "points": 2}, 3, None, dict.fromkeys(EVERY, "diverged")),
        (SOBOL, 3, None, {place: "failed" for place in EVERY if place[0] == "ssc"}),
        (SOBOL, 2, None, {place: "missing" for place in EVERY[::3]}),
        ({**SOBOL, "points": 6}, 2, None, {}),
        (GRID, 2, constant, {}),
        (CENTRE, 2, by_seed, {EVERY[0]: "diverged"}),
    ],
)
def test_nothing_is_computed_from_nothing(
    design: dict[str, Any], seeds: int, accuracy: Accuracy | None, statuses: dict[tuple[str, int, int], str]
) -> None:
    claims: list[dict[str, Any]] = [{**PAIR, "in": measure} for measure in MEASURES]
    claims += [{"equivalent": ["ssc", "fixmatch"], "within": 0.01, "in": measure} for measure in ("std", "mean")]
    claims += [{**PAIR, "in": "best_of_n", "n": 2}, {**PAIR, "in": "near_optimal_volume"}]
    claims += [{"method": "ssc", "in": "importance", "parameter": "tau", "at_least": 0.1}]
    study = make_study(claims, design=design, seeds=seeds)
    tables = make_tables(study, accuracy or surface(scale={"ssc": 0.1, "fixmatch": 0.2}), statuses=statuses)
    found = analyze(study, tables, num_bootstrap=20)
    json.dumps(found.model_dump(mode="json"), allow_nan=False)
    for verdict in found.verdicts:
        assert verdict.effect.value is not None or verdict.effect.note
        assert verdict.effect.low is not None or verdict.effect.note
    assert list(figures(study, tables, found))
    assert context(study, tables, found, command="again")["verdicts"]
