"""Numpy arrays in, estimates with intervals out: the public functions. They know of no study and no claim.

Scores have points first and seeds second, and higher is better. One module a family: :mod:`variance`, :mod:`spread`,
:mod:`comparison`, :mod:`intervals`, :mod:`multiplicity` and their neighbours.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
