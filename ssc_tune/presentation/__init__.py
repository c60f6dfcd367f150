"""How things are said and shown everywhere: numbers, sentences, colours, tables, and what a terminal shows."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
