"""A study for a paper: figures at the width of a column, tables and a paragraph in TeX, and what to cite."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
