"""The methods under comparison. One file a method; this registry names them all.

To add one: write its file, add a line to ``_MODULES``, test it. Nothing else changes.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from ssc_tune.methods.base import Hyperparameters, Method

_MODULES = {
    "fixmatch": "ssc_tune.methods.fixmatch:FixMatch",
    "ssc": "ssc_tune.methods.ssc:SSC",
    "supervised": "ssc_tune.methods.supervised:Supervised",
}

names: tuple[str, ...] = tuple(sorted(_MODULES))
"""Every registered method."""


def get(name: str) -> type[Method]:
    """The class of a method.

    Raises:
        ValueError: the name is not registered; the message lists those that are.
    """
    if name not in _MODULES:
        raise ValueError(f"unknown method {name!r}; allowed: {', '.join(names)}")
    module, _, attribute = _MODULES[name].partition(":")
    method: type[Method] = getattr(importlib.import_module(module), attribute)
    return method


def resolve(name: str, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """All hyperparameters of a method, the given ones validated and the others at their defaults."""
    return get(name).Hyperparameters.model_validate(dict(hyperparameters)).model_dump(mode="json")


def make(name: str, hyperparameters: Mapping[str, Any], *, num_classes: int) -> Method:
    """A method, the given hyperparameters validated and the others at their defaults."""
    kind = get(name)
    return kind(kind.Hyperparameters.model_validate(dict(hyperparameters)), num_classes=num_classes)


__all__ = ["Hyperparameters", "Method", "get", "make", "names", "resolve"]
