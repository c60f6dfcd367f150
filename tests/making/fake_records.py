"""Records of a whole design with made-up accuracies, so that everything after training can be tested without it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.records import Attempt, Record, StudyFolder
from ssc_tune.study.model.study import Study
from ssc_tune.study.registration import plan_hash
from ssc_tune.training.result import Evaluation, RunResult

START = 1_700_000_000.0


def study(**changes: Any) -> Study:
    """Two methods over two shared hyperparameters."""
    content: dict[str, Any] = {
        "name": "fake",
        "methods": ["fixmatch", "ssc"],
        "training": {"steps": 4, "evaluations": 2},
        "search_space": {
            "parameters": {
                "learning_rate": {"type": "float", "default": 0.03, "factor": 3},
                "tau": {"type": "float", "default": 0.9, "low": 0.6, "high": 0.99, "log": True, "complement": True},
            }
        },
        "design": {"type": "sobol", "points": 8},
        "seeds": 3,
        "claims": [{"name": "more stable", "less": "ssc", "than": "fixmatch", "in": "std"}],
    }
    return Study.model_validate(content | changes)


def record(
    of: Study, cell: Cell, number: int, *, sd: dict[str, float], registrations: tuple[str, ...] | None = None
) -> Record:
    """A cell whose accuracy has a standard deviation over points that depends on its method; its plan stood first."""
    place = cell.placement
    point = np.random.default_rng([1, place.point]).normal()
    noise = np.random.default_rng([2, place.point, place.seed, len(place.method)]).normal() * 0.003
    accuracy = float(np.clip(0.8 + sd[place.method] * point + noise, 0.05, 0.99))
    history = tuple(
        Evaluation(
            step=step,
            time=START + number + step,
            train_loss=1.0,
            loss_terms={},
            validation_accuracy=accuracy * share,
            confident_fraction=0.5,
            confident_accuracy=0.9,
            learning_rate=0.03,
            images_per_second=1000.0,
        )
        for step, share in ((2, 0.8), (4, 1.0))
    )
    result = RunResult(
        status="ok",
        steps=4,
        validation_accuracy=accuracy,
        test_accuracy=accuracy,
        steps_to_90=4,
        seconds=1.0,
        images_per_second=1000.0,
        num_classes=10,
        num_parameters=10,
        history=history,
    )
    return Record(
        cell_id=cell.cell_id,
        study=of.name,
        block=place.block,
        setting=place.setting,
        point=place.point,
        config=cell.config,
        result=result,
        attempts=(Attempt(number=1, started=START + number, ended=START + number + 5, outcome="finished"),),
        versions={"torch": "0"},
        environment={"host": "here"},
        registrations=(plan_hash(of),) if registrations is None else registrations,
        started=START + number,
        ended=START + number + 5,
    )


def fill(of: Study, folder: StudyFolder, *, sd: dict[str, float] | None = None) -> dict[str, Record]:
    """Writes a record for every cell of a fixed design."""
    found = {}
    for number, cell in enumerate({c.cell_id: c for c in fixed_cells(of)}.values()):
        found[cell.cell_id] = record(of, cell, number, sd=sd or {"fixmatch": 0.06, "ssc": 0.01})
        folder.records.write(found[cell.cell_id])
    return found
