"""Training one cell. Needs torch, numpy and pydantic; knows nothing of Ray, Optuna or MLflow.

Everything is imported on first use, because torch takes seconds to import and study files are checked without it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
