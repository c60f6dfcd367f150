"""How sensitive is a semi-supervised method to its hyperparameters, and is it less so than its baseline?

``load_study`` reads a study file, ``run_study`` trains what is missing of it and judges its claims. Both are imported
on first use, so that importing the package costs nothing.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]
