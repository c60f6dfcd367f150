"""From tables of results to estimates, intervals and verdicts. No torch, Ray or MLflow; higher scores are better.

``estimators`` (arrays) below ``measures`` (claims) below ``judge`` (verdicts); ``explore`` decides nothing. The
functions in ``estimators`` are public.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
