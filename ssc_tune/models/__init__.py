"""The encoders, built by name: ``wrn-DEPTH-WIDTH`` and ``resnet-50``.

Names are known without importing torch (:mod:`ssc_tune.models.names`); everything else is imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssc_tune.models.by_name import build
    from ssc_tune.models.layers import Encoder, init_linear
    from ssc_tune.models.norm import BatchNorm2d, move_towards, update_running_statistics

_LATE = {
    "BatchNorm2d": "norm",
    "Encoder": "layers",
    "build": "by_name",
    "init_linear": "layers",
    "move_towards": "norm",
    "update_running_statistics": "norm",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(importlib.import_module(f"ssc_tune.models.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["BatchNorm2d", "Encoder", "build", "init_linear", "move_towards", "update_running_statistics"]
