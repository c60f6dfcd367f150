"""Running the cells that have no record, with Ray Tune. The only room that imports ray, and only when it is used."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
