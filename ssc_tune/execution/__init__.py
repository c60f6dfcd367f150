"""Running the cells that have no record, with Ray Tune. The only room that imports ray, and only when it is used."""

from __future__ import annotations

from ssc_tune.execution.execute import Outcome, execute

__all__ = ["Outcome", "execute"]
