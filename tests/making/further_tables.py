"""Studies with known truth, as tables, for tests of what reads a whole study."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.study import Study

SPACE = {
    "tau": {"type": "float", "default": 0.95, "low": 0.6, "high": 0.99, "log": True, "complement": True},
    "learning_rate": {"type": "float", "default": 0.03, "low": 0.01, "high": 0.1, "log": True},
    "randaugment_n": {"type": "int", "default": 2, "low": 1, "high": 4},
}


def make_study(design: dict[str, Any], *, space: dict[str, Any] | None = None, seeds: int = 3, **more: Any) -> Study:
    """A study of fixmatch and supervised, which need no parameters of their own."""
    return Study.model_validate(
        {
            "name": "synthetic",
            "methods": ["fixmatch", "supervised"],
            "search_space": {"parameters": space or SPACE},
            "design": design,
            "seeds": seeds,
            **more,
        }
    )


def unit_points(study: Study, count: int, seed: int = 5) -> np.ndarray:
    """Uniform points of the unit cube."""
    return np.random.default_rng(seed).random((count, len(study.search_space.parameters)))


def make_tables(
    study: Study,
    points: list[dict[str, Any]],
    accuracy: Callable[[str, str, np.ndarray], float],
    *,
    noise: float = 0.01,
    num_evaluations: int = 5,
    block: str = "shared",
) -> Tables:
    """A cell for every point, method, seed and setting; point 0 is the first of ``points``.

    ``accuracy`` maps method, setting and unit coordinates to the true accuracy; seeds add normal noise.
    """
    rng = np.random.default_rng(11)
    space = study.search_space.parameters
    steps = np.linspace(20, 100, num_evaluations).astype(int)
    rows, history = [], []
    for setting in study.setting_names:
        for index, point in enumerate(points):
            unit = np.array([space[name].to_unit(value) for name, value in point.items()])
            for method in study.methods:
                for seed in range(study.seeds):
                    value = accuracy(method, setting, unit) + noise * rng.standard_normal()
                    key = f"{setting}-{method}-{index}-{seed}"
                    row = {"study": study.name, "block": block, "setting": setting, "method": method, "point": index}
                    row |= {
                        "seed": seed,
                        "status": "ok",
                        "validation_accuracy": value + 0.3 * noise * rng.standard_normal(),
                    }
                    row |= {"test_accuracy": value, "steps": 100, "steps_to_90": 50, "seconds": 1.0, "num_classes": 10}
                    rows.append({**row, "cell_id": key, **point})
                    for step in steps:
                        at = {"cell_id": key, "step": step, "time": 0.0, "train_loss": 1.0}
                        at |= {"validation_accuracy": value * step / 100, "confident_fraction": 0.5}
                        at |= {"confident_accuracy": 0.9, "learning_rate": 0.03, "images_per_second": 100.0}
                        history.append(at)
    cells = pd.DataFrame(rows)
    expected = cells[["block", "setting", "method", "point", "seed", "cell_id"]].copy()
    return Tables(cells, pd.DataFrame(history), expected)


def defaults(study: Study) -> dict[str, Any]:
    """The default point."""
    return {name: parameter.default for name, parameter in study.search_space.parameters.items()}


def sobol_points(study: Study, count: int) -> list[dict[str, Any]]:
    """The defaults and ``count`` uniform points, as values."""
    space = study.search_space.parameters
    unit = unit_points(study, count)
    drawn = [{name: p.from_unit(float(u)) for (name, p), u in zip(space.items(), row, strict=True)} for row in unit]
    return [defaults(study), *drawn]
