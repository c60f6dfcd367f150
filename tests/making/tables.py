"""Studies and tables with known truth, made without training anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ssc_tune.analysis.tables import Tables
from ssc_tune.design.points import fixed_points
from ssc_tune.study.model.study import Study
from tests.making.studies import SYNTHETIC, Content, study

METHODS = ("fixmatch", "ssc")
NUM_CLASSES = 10

PLACE = ("block", "setting", "method", "point", "seed")

Accuracy = Callable[[str, Mapping[str, float], int], float]
Scored = tuple[tuple[str, str, str, int, int], str, float, float, Mapping[str, Any]]


def make_study(claims: Sequence[Mapping[str, Any]] = (), *, base: Content = SYNTHETIC, **changes: Any) -> Study:
    """A study of known truth, whose claims need no names; ``changes`` replace keys of the base."""
    return study(base, **{"claims": [{"name": f"claim {i}", **claim} for i, claim in enumerate(claims)], **changes})


def make_tables(
    study: Study, accuracy: Accuracy, *, statuses: Mapping[tuple[str, int, int], str] | None = None
) -> Tables:
    """Tables of a complete study whose cells score ``accuracy(method, unit coordinates, seed)``.

    Args:
        study: the study.
        accuracy: of a cell, given the method, its point in the unit cube and the seed; called in the design's order.
        statuses: other than ok, by method, point and seed; a status of "missing" leaves the cell out.
    """
    space = study.search_space.parameters
    cells = []
    for block in study.blocks:
        for setting in study.setting_names:
            for point in fixed_points(study, block):
                unit = {name: space[name].to_unit(value) for name, value in point.values.items()}
                for seed in range(study.seeds):
                    for method in study.block_methods(block):
                        status = (statuses or {}).get((method, point.number, seed), "ok")
                        score = float(np.clip(accuracy(method, unit, seed), 0, 1))
                        score = score if status == "ok" else np.nan
                        cells.append(((block, setting, method, point.number, seed), status, score, score, point.values))
    return _tables(study, cells)


def sampled_tables(
    study: Study,
    points: list[dict[str, Any]],
    accuracy: Callable[[str, str, np.ndarray], float],
    *,
    noise: float = 0.01,
    block: str = "shared",
) -> Tables:
    """A cell for every point, method, seed and setting; point 0 is the first of ``points``.

    ``accuracy`` maps method, setting and unit coordinates to the true accuracy; seeds add normal noise.
    """
    rng = np.random.default_rng(11)
    space = study.search_space.parameters
    cells = []
    for setting in study.setting_names:
        for index, point in enumerate(points):
            unit = np.array([space[name].to_unit(value) for name, value in point.items()])
            for method in study.methods:
                for seed in range(study.seeds):
                    value = accuracy(method, setting, unit) + noise * rng.standard_normal()
                    validation = value + 0.3 * noise * rng.standard_normal()
                    cells.append(((block, setting, method, index, seed), "ok", validation, value, point))
    return _tables(study, cells, steps=100, evaluations=5)


def _tables(study: Study, cells: Iterable[Scored], *, steps: int = 200, evaluations: int = 4) -> Tables:
    """The tables of cells by place, status, accuracy of validation and test, and values."""
    rows, history, expected = [], [], []
    for place, status, validation, test, values in cells:
        cell_id = "-".join(map(str, place))
        expected.append((*place, cell_id))
        if status == "missing":
            continue
        numbers = (validation, test, steps, steps / 2, 7.0, NUM_CLASSES)
        rows.append((study.name, *place, status, *numbers, cell_id, *values.values()))
        if status == "ok":
            history += [
                (cell_id, step, 0.0, 1.0, test * step / steps, 0.5, 0.9, 0.03, 900.0)
                for step in range(steps // evaluations, steps + 1, steps // evaluations)
            ]
    columns = ["study", *PLACE, "status", "validation_accuracy", "test_accuracy", "steps", "steps_to_90", "seconds"]
    columns += ["num_classes", "cell_id", *study.block_parameters(next(iter(study.blocks)))]
    names = ["cell_id", "step", "time", "train_loss", "validation_accuracy", "confident_fraction"]
    names += ["confident_accuracy", "learning_rate", "images_per_second"]
    return Tables(
        pd.DataFrame(rows, columns=columns),
        pd.DataFrame(history, columns=names),
        pd.DataFrame(expected, columns=[*PLACE, "cell_id"]),
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


def unit_points(study: Study, count: int, seed: int = 5) -> np.ndarray:
    """Uniform points of the unit cube."""
    return np.random.default_rng(seed).random((count, len(study.search_space.parameters)))


def defaults(study: Study) -> dict[str, Any]:
    """The default point."""
    return {name: parameter.default for name, parameter in study.search_space.parameters.items()}


def sobol_points(study: Study, count: int) -> list[dict[str, Any]]:
    """The defaults and ``count`` uniform points, as values."""
    space = study.search_space.parameters
    unit = unit_points(study, count)
    drawn = [{name: p.from_unit(float(u)) for (name, p), u in zip(space.items(), row, strict=True)} for row in unit]
    return [defaults(study), *drawn]
