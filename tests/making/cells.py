"""Small cells that the tests of this folder train."""

from __future__ import annotations

from typing import Any

import pytest

from ssc_tune import methods
from ssc_tune.training import CellConfig, DataConfig, ModelConfig, RunResult, TrainingConfig

SMALL = {"batch_size": 8, "mu": 2, "randaugment_m": 5.0, "cutout": 0.25, "tau": 0.5}

QUICK = ("fixmatch", "ssc", "supervised", "flexmatch-ssc", "mean-teacher")
"""Methods that the default tests train: the three oldest, one with a threshold that has a state, one with a teacher."""
EVERY_METHOD = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in methods.names]
"""Every method as a parameter of a test; the others than the quick ones in the slow tests."""


def make_config(
    method: str = "fixmatch", *, seed: int = 0, hyperparameters: dict[str, Any] | None = None, **training: Any
) -> CellConfig:
    """A cell of 12 steps and 4 evaluations in float32 on digits, unless told otherwise."""
    return CellConfig(
        data=DataConfig(name="digits", labels_per_class=2),
        model=ModelConfig(name="wrn-10-1"),
        training=TrainingConfig(**{"steps": 12, "evaluations": 4, "precision": "float32", **training}),
        method=method,
        hyperparameters={**SMALL, **(hyperparameters or {})},
        seed=seed,
    )


def without_times(result: RunResult) -> dict[str, Any]:
    """All of a result that must repeat bit by bit."""
    content = result.model_dump(exclude={"seconds", "images_per_second", "peak_memory"})
    for evaluation in content["history"]:
        del evaluation["time"], evaluation["images_per_second"]
    return content
