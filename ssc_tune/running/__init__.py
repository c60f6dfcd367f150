"""From a study to its verdicts: plan, run, judge. The same steps serve the command line and Python."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
