"""Imports and trains with the core where ray, optuna and mlflow cannot be imported."""

import sys


class Absent:
    """Makes the packages above the core unimportable."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Refuses what the core must not need."""
        if name.partition(".")[0] in ("ray", "optuna", "mlflow"):
            raise ModuleNotFoundError(f"{name} is made absent here", name=name)


sys.meta_path.insert(0, Absent())

from ssc_tune.training import CellConfig, train  # noqa: E402

for method in ("fixmatch", "ssc"):
    config = CellConfig.model_validate(
        {
            "data": {"name": "digits"},
            "model": {"name": "wrn-10-1"},
            "training": {"steps": 4, "evaluations": 2},
            "method": method,
            "hyperparameters": {"batch_size": 8, "mu": 2},
            "seed": 0,
        }
    )
    result = train(config)
    assert result.status == "ok"
    assert result.test_accuracy is not None
    print(f"{method}: trained without ray, optuna and mlflow, test accuracy {result.test_accuracy:.3f}")
assert not {"ray", "optuna", "mlflow"} & set(sys.modules)
