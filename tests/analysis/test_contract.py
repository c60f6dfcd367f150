"""What a study file may ask can be answered: every measure under every design, accepted and judged, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import yaml

from ssc_tune.analysis.build import build_tables
from ssc_tune.analysis.judge.verdicts import judge_claims
from ssc_tune.analysis.material import Materials
from ssc_tune.design.cell_source import make_source
from ssc_tune.design.cells import Cell
from ssc_tune.design.storage import open_storage
from ssc_tune.errors import InputError
from ssc_tune.records import Record
from ssc_tune.study import load_study
from ssc_tune.study.model.designs import Design
from ssc_tune.study.model.measures import DRAWN, FILLING, MEASURES
from ssc_tune.study.model.study import Study
from tests.making.records import evaluation, record

LEVELS = {"learning_rate": [0.01, 0.03, 0.09], "tau": [0.7, 0.8, 0.9, 0.95]}
DESIGNS: dict[str, dict[str, Any]] = {
    "sobol": {"points": 16},
    "random": {"points": 16},
    "grid": {"levels": LEVELS},
    "one-at-a-time": {"levels": LEVELS},
    "defaults": {},
    "search": {"sampler": "random", "points": 6, "searches": 5},
}


RUNS: dict[str, tuple[list[Cell], dict[str, Record]]] = {}
"""By the study without its claims."""


def claim(measure: str) -> dict[str, Any]:
    """The plainest claim on a measure."""
    kind = MEASURES[measure]
    needs = {key: {"n": 3, "parameter": "tau", "accuracy": 0.7}[key] for key in kind.needs}
    if not kind.of_two_methods:
        return {"name": "c", "in": measure, "method": "ssc", "at_least": 0.3, "setting": "one", **needs}
    place = {} if kind.over_all_settings else {"setting": "one"}
    return {"name": "c", "in": measure, "more": "ssc", "than": "fixmatch", **needs, **place}


def study_of(measure: str, design: str, folder: Path) -> Study:
    """Loaded from a file as a user's is; raises InputError where it is refused."""
    content = {
        "name": "contract",
        "methods": ["fixmatch", "ssc"],
        "training": {"steps": 8, "evaluations": 4},
        "search_space": {
            "parameters": {
                "learning_rate": {"type": "float", "default": 0.03, "low": 0.01, "high": 0.09, "log": True},
                "tau": {"type": "float", "default": 0.9, "low": 0.6, "high": 0.98},
            }
        },
        "settings": {"one": {"data": {"labels_per_class": 1}}, "two": {"data": {"labels_per_class": 2}}},
        "design": {"type": design, **DESIGNS[design]},
        "seeds": 3,
        "claims": [claim(measure)],
    }
    path = folder / "contract.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return load_study(path)


def outcome(cell: Cell) -> Record:
    """A cell whose accuracy falls away from the middle of the space, more so with fixmatch; settings tilt it."""
    place, values = cell.placement, cell.config.hyperparameters
    rng = np.random.default_rng([place.point, place.seed, len(place.method), ord(place.setting[0])])
    away = np.log(values["learning_rate"] / 0.03) ** 2 + 4 * (values["tau"] - 0.8) ** 2
    steep = 0.12 if place.method == "fixmatch" else 0.08
    tilt = 0.05 * np.log(values["learning_rate"] / 0.03) * (1 if place.setting == "one" else -1)
    accuracy = float(np.clip(0.8 - steep * away + tilt + 0.03 * rng.standard_normal(), 0.05, 0.99))
    history = tuple(evaluation(step, accuracy * share) for step, share in ((2, 0.3), (4, 0.7), (6, 0.95), (8, 1.0)))
    return record(cell, accuracy, study="contract", history=history)


def run(made: Study, folder: Path) -> tuple[list[Cell], dict[str, Record]]:
    """Every cell that the study's design asks for, whatever is claimed of them."""
    key = made.model_copy(update={"claims": ()}).model_dump_json()
    if key not in RUNS:
        RUNS[key] = _run(made, folder)
    return RUNS[key]


def _run(made: Study, folder: Path) -> tuple[list[Cell], dict[str, Record]]:
    found: dict[str, Record] = {}
    source = make_source(made, lambda key: found[key].result.validation_accuracy if key in found else None)
    source.open(open_storage(str(folder / "optuna.log"), folder))
    while isinstance(cell := source.next(), Cell):
        found[cell.cell_id] = outcome(cell)
        source.finished(cell.cell_id)
    return list(source.cells), found


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_accepted_can_be_judged(measure: str, design: str, tmp_path: Path) -> None:
    if design not in MEASURES[measure].designs:
        with pytest.raises(InputError, match=measure):
            study_of(measure, design, tmp_path)
        return
    made = study_of(measure, design, tmp_path)
    cells, records = run(made, tmp_path)
    found = judge_claims(Materials(made, build_tables(made, cells, records), num_bootstrap=50))[0]
    assert found.effect.value is not None, found.reason
    assert np.isfinite(found.effect.value)
    assert found.effect.low is not None, found.reason


def test_designs_say_of_themselves_what_the_table_of_measures_says_of_them() -> None:
    classes = get_args(get_args(Design)[0])
    by_type = {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in classes}
    assert set(by_type) == set(DESIGNS)
    assert {name for name, kind in by_type.items() if kind.is_sample} == set(DRAWN)
    assert {name for name, kind in by_type.items() if kind.fills} == set(FILLING)
    assert {name for name, kind in by_type.items() if kind.adaptive} == {"search"}
    assert {name for name, kind in by_type.items() if kind.defaults_count} == {"one-at-a-time"}
