"""Running the cells that have no record, with Ray Tune. The only room that imports ray, and only when it is used."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.execution import execute as execute
    from ssc_tune.execution import listening as listening
    from ssc_tune.execution import quiet as quiet
    from ssc_tune.execution import tuning as tuning
    from ssc_tune.execution import worker as worker

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["execute", "listening", "quiet", "tuning", "worker"],
)
