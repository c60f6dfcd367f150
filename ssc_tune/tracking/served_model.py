"""What an MLflow model of a cell is made of: MLflow copies this file and runs it when the model is loaded.

So nothing is pickled: a loaded model is this code, a JSON file and a checkpoint that is read without running code from
it. ``ssc_tune`` must be installed where it is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext


class CellModel(PythonModel):
    """Images (N, C, H, W), uint8, to labels (N,); with ``params={"scores": True}`` to class scores (N, K)."""

    def load_context(self, context: PythonModelContext) -> None:
        """Reads configuration and weights; only here, so that torch is not needed to write a model."""
        from ssc_tune.training.config import CellConfig
        from ssc_tune.training.predict import Predictor

        config = CellConfig.model_validate_json(Path(context.artifacts["config"]).read_text(encoding="utf-8"))
        self._predictor = Predictor.load(Path(context.artifacts["checkpoint"]), config)

    def predict(  # MLflow's order of arguments; it wants plain np.ndarray
        self, context: PythonModelContext, model_input: np.ndarray, params: dict[str, Any] | None = None
    ) -> np.ndarray:
        """See the class."""
        if (params or {}).get("scores"):
            return self._predictor.scores(model_input)
        return self._predictor.predict(model_input)


set_model(CellModel())
