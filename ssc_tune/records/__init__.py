"""One durable record a cell: the truth from which Optuna's storage, MLflow and the report are rebuilt."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
