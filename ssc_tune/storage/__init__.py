"""Where studies are kept: a folder, or a bucket of an object store, behind the same nine functions."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
