"""Where class prototypes start; imported on first use.

To add an initialization: write its function, add a row to :data:`ssc_tune.prototypes.registry.STRATEGIES`, test it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
