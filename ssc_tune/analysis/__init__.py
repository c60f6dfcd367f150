"""From tables of results to estimates, intervals and verdicts. No torch, Ray or MLflow; higher scores are better.

``estimators`` (arrays) below ``measures`` (claims) below ``judge`` (verdicts); ``explore`` decides nothing. The
functions in ``estimators`` are public.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.analysis import analyze as analyze
    from ssc_tune.analysis import arrays as arrays
    from ssc_tune.analysis import build as build
    from ssc_tune.analysis import estimates as estimates
    from ssc_tune.analysis import estimators as estimators
    from ssc_tune.analysis import explore as explore
    from ssc_tune.analysis import judge as judge
    from ssc_tune.analysis import material as material
    from ssc_tune.analysis import measures as measures
    from ssc_tune.analysis import result as result
    from ssc_tune.analysis import summaries as summaries
    from ssc_tune.analysis import tables as tables
    from ssc_tune.analysis import unseen as unseen

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "analyze",
        "arrays",
        "build",
        "estimates",
        "estimators",
        "explore",
        "judge",
        "material",
        "measures",
        "result",
        "summaries",
        "tables",
        "unseen",
    ],
)
