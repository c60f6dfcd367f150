"""How sensitive is a semi-supervised method to its hyperparameters, and is it less so than its baseline?

``load_study`` reads a study file, ``run_study`` trains what is missing of it and judges its claims. Both are imported
on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssc_tune.api import StudyResult, load_study, run_study
    from ssc_tune.errors import InputError
    from ssc_tune.study import Study

__version__ = "0.1.0"

__all__ = ["InputError", "Study", "StudyResult", "__version__", "load_study", "run_study"]

_LATE = {
    "InputError": "ssc_tune.errors",
    "Study": "ssc_tune.study",
    "StudyResult": "ssc_tune.api",
    "load_study": "ssc_tune.study",
    "run_study": "ssc_tune.api",
}


def __getattr__(name: str) -> Any:
    import importlib

    if name in _LATE:
        return getattr(importlib.import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
