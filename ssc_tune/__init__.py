"""How sensitive is a semi-supervised method to its hyperparameters, and is it less so than its baseline?

``load_study`` reads a study file, ``run_study`` trains what is missing of it and judges its claims. Both are imported
on first use, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.api import StudyResult as StudyResult
    from ssc_tune.api import run_study as run_study
    from ssc_tune.errors import InputError as InputError
    from ssc_tune.study import Study as Study
    from ssc_tune.study import load_study as load_study

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"api": ["StudyResult", "run_study"], "errors": ["InputError"], "study": ["Study", "load_study"]},
)
__all__ += ["__version__"]
