"""The encoders, built by name; imported on first use.

To add one: write its file, add a row to :data:`ssc_tune.models.registry.FAMILIES`, test it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
