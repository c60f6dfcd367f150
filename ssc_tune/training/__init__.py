"""Training one cell. Needs torch, numpy and pydantic; knows nothing of Ray, Optuna or MLflow.

Everything is imported on first use, because torch takes seconds to import and study files are checked without it.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.training import hardware as hardware
    from ssc_tune.training.config import CellConfig as CellConfig
    from ssc_tune.training.config import DataConfig as DataConfig
    from ssc_tune.training.config import ModelConfig as ModelConfig
    from ssc_tune.training.config import TrainingConfig as TrainingConfig
    from ssc_tune.training.loop import train as train
    from ssc_tune.training.result import Evaluation as Evaluation
    from ssc_tune.training.result import RunResult as RunResult

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["hardware"],
    submod_attrs={
        "config": ["CellConfig", "DataConfig", "ModelConfig", "TrainingConfig"],
        "loop": ["train"],
        "result": ["Evaluation", "RunResult"],
    },
)
