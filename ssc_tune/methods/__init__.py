"""The methods under comparison, one file each. The registry names them all; heads and losses are imported on first use.

To add one: write its file, add a row to ``ssc_tune.methods.registry``, test it. Nothing else changes.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
