"""Training one cell. Needs torch, numpy and pydantic; knows nothing of Ray, Optuna or MLflow.

``train`` is imported on first use, because torch takes seconds to import and study files are checked without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssc_tune.training.config import CellConfig, DataConfig, ModelConfig, TrainingConfig
from ssc_tune.training.result import Evaluation, RunResult

if TYPE_CHECKING:
    from ssc_tune.training.loop import train

__all__ = ["CellConfig", "DataConfig", "Evaluation", "ModelConfig", "RunResult", "TrainingConfig", "train"]


def __getattr__(name: str) -> Any:
    if name == "train":
        from ssc_tune.training.loop import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
