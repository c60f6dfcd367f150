"""Studies and tables with known truth, made without training anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ssc_tune.analysis.tables import Tables
from ssc_tune.design.points import fixed_points
from ssc_tune.study.model.study import Study

METHODS = ("fixmatch", "ssc")
NUM_CLASSES = 10

Accuracy = Callable[[str, Mapping[str, float], int], float]


def make_study(claims: Sequence[Mapping[str, Any]] = (), *, seeds: int = 3, **changes: Any) -> Study:
    """Two methods over tau and learning rate on 32 Sobol points; ``changes`` replace keys of the study."""
    space = {
        "tau": {"type": "float", "default": 0.95, "factor": 4, "complement": True},
        "learning_rate": {"type": "float", "default": 0.03, "factor": 4},
    }
    content = {
        "name": "synthetic",
        "methods": dict.fromkeys(METHODS),
        "search_space": {"parameters": space},
        "design": {"type": "sobol", "points": 32},
        "seeds": seeds,
        "claims": [{"name": f"claim {i}", **claim} for i, claim in enumerate(claims)],
    }
    return Study.model_validate({**content, **changes})


def make_tables(
    study: Study, accuracy: Accuracy, *, statuses: Mapping[tuple[str, int, int], str] | None = None
) -> Tables:
    """Tables of a complete study whose cells score ``accuracy(method, unit coordinates, seed)``.

    Args:
        study: the study.
        accuracy: of a cell, given the method, its point in the unit cube and the seed; called in the design's order.
        statuses: other than ok, by method, point and seed; a status of "missing" leaves the cell out.
    """
    rows, history, expected = [], [], []
    space = study.search_space.parameters
    for block in study.blocks:
        for setting in study.setting_names:
            for point in fixed_points(study, block):
                unit = {name: space[name].to_unit(value) for name, value in point.values.items()}
                for seed in range(study.seeds):
                    for method in study.block_methods(block):
                        place = (block, setting, method, point.number, seed)
                        cell_id = "-".join(map(str, place))
                        expected.append((*place, cell_id))
                        status = (statuses or {}).get((method, point.number, seed), "ok")
                        score = float(np.clip(accuracy(method, unit, seed), 0, 1))
                        if status == "missing":
                            continue
                        score = score if status == "ok" else np.nan
                        numbers = (score, score, 200, 100.0, 7.0, NUM_CLASSES)
                        rows.append((study.name, *place, status, *numbers, cell_id, *point.values.values()))
                        if status == "ok":
                            history += [
                                (cell_id, step, 0.0, 1.0, score * step / 200, 0.5, 0.9, 0.03, 900.0)
                                for step in (50, 100, 150, 200)
                            ]
    place = ["block", "setting", "method", "point", "seed"]
    columns = ["study", *place, "status", "validation_accuracy", "test_accuracy", "steps", "steps_to_90", "seconds"]
    columns += ["num_classes", "cell_id", *study.block_parameters(next(iter(study.blocks)))]
    names = ["cell_id", "step", "time", "train_loss", "validation_accuracy", "confident_fraction"]
    names += ["confident_accuracy", "learning_rate", "images_per_second"]
    return Tables(
        pd.DataFrame(rows, columns=columns),
        pd.DataFrame(history, columns=names),
        pd.DataFrame(expected, columns=[*place, "cell_id"]),
    )


def surface(
    *, scale: Mapping[str, float], level: Mapping[str, float] | None = None, noise: float = 0.005, seed: int = 0
) -> Accuracy:
    """``level + scale * (tau + learning rate / 2) + noise`` about the centre of the unit cube, in draws of its own."""
    rng = np.random.default_rng(seed)
    levels = level or dict.fromkeys(scale, 0.8)

    def accuracy(method: str, unit: Mapping[str, float], _: int) -> float:
        slope = (unit["tau"] - 0.5) + 0.5 * (unit.get("learning_rate", 0.5) - 0.5)
        return levels[method] + scale[method] * slope + noise * rng.standard_normal()

    return accuracy
