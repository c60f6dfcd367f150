"""Where class prototypes start. ``initialize`` is loaded when it is first used, since it needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssc_tune.prototypes.names import NEEDS_EMBEDDINGS, STRATEGIES

if TYPE_CHECKING:
    from ssc_tune.prototypes.strategies import initialize

__all__ = ["NEEDS_EMBEDDINGS", "STRATEGIES", "initialize"]


def __getattr__(name: str) -> Any:
    if name == "initialize":
        from ssc_tune.prototypes.strategies import initialize

        return initialize
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
