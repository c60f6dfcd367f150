"""The study as an object: its parts, search space, claims and the table of measures. No torch, no numpy."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
