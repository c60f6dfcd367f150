"""The loss functions, each a pure function of tensors that returns a scalar; imported on first use.

All of them run without host synchronization and without shapes that depend on the data, so that a step can be compiled
and captured; float16 and bfloat16 inputs are accumulated in float32, also under autocast.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
