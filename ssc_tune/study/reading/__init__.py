"""From files and overrides to a study, and back: every value knows where it was written."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
