"""Data sets that ship with a dependency, their splits, and batched augmentation; each imported on first use.

A family of data sets is a file with a function that returns a :class:`Dataset`. To add one: write its file (for another
one of torchvision, a row of :mod:`ssc_tune.data.published`), add a row to :data:`ssc_tune.data.registry.DATASETS`, test
it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
