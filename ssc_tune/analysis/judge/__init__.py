"""From effects to verdicts: gates, cautions, several claims, looks; and the power that all of it has."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
