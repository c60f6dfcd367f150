"""The study as an object: its parts, search space, claims and the table of measures. No torch, no numpy."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.study.model import claims as claims
    from ssc_tune.study.model import measures as measures
    from ssc_tune.study.model import names as names
    from ssc_tune.study.model import space as space
    from ssc_tune.study.model import study as study

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["claims", "measures", "names", "space", "study"],
)
