"""A small study, and records of its cells without training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ssc_tune.design import Cell
from ssc_tune.records import Attempt, Record
from ssc_tune.study.model.study import Study
from ssc_tune.training.result import RunResult, Status

PARAMETERS: dict[str, Any] = {
    "learning_rate": {"type": "float", "default": 0.03, "factor": 3},
    "tau": {"type": "float", "default": 0.95, "low": 0.6, "high": 0.99, "log": True, "complement": True},
    "mu": {"type": "int", "default": 2, "low": 1, "high": 4},
    "temperature": {"type": "float", "default": 0.1, "factor": 3, "applies_to": ["ssc"]},
    "prototype_init": {
        "type": "choice",
        "default": "random",
        "choices": ["random", "orthogonal", "simplex"],
        "applies_to": ["ssc"],
    },
}


def study(name: str = "small", **changes: Any) -> Study:
    """Two methods, a shared block and one with what only SSC has."""
    content: dict[str, Any] = {
        "name": name,
        "training": {"steps": 6, "evaluations": 2},
        "methods": ["fixmatch", "ssc"],
        "hyperparameters": {"batch_size": 8},
        "search_space": {"parameters": PARAMETERS},
        "design": {"type": "sobol", "points": 4},
        "seeds": 2,
        "blocks": {
            "shared": {"parameters": ["learning_rate", "tau"]},
            "specific": {"parameters": ["learning_rate", "temperature", "prototype_init"]},
        },
    }
    return Study.model_validate(content | changes)


def record(cell: Cell, accuracy: float = 0.5, *, study: str = "small", status: Status = "ok") -> Record:
    """A record of a cell as a worker writes it."""
    good = status == "ok"
    return Record(
        cell_id=cell.cell_id,
        study=study,
        block=cell.placement.block,
        setting=cell.placement.setting,
        point=cell.placement.point,
        config=cell.config,
        result=RunResult(
            status=status,
            steps=6,
            validation_accuracy=accuracy if good else None,
            test_accuracy=accuracy if good else None,
            steps_to_90=6 if good else None,
            seconds=1.5,
            images_per_second=100.0 if good else None,
            num_classes=10,
            num_parameters=1000,
            history=(),
        ),
        attempts=(Attempt(number=1, started=1.0, ended=2.5, outcome="finished" if good else "raised"),),
        versions={"python": "3.11"},
        environment={"host": "here"},
        started=1.0,
        ended=2.5,
    )


def records(
    cells: Iterable[Cell], accuracy: Callable[[Cell], float] = lambda cell: 0.5, *, study: str = "small"
) -> dict[str, Record]:
    """Records by cell id."""
    return {cell.cell_id: record(cell, accuracy(cell), study=study) for cell in cells}
