"""Every method in one row."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from typing import Any

from ssc_tune.methods.base import Extent, Method

_METHODS = {
    "adamatch": "ssc_tune.methods.adamatch:AdaMatch",
    "fixmatch": "ssc_tune.methods.fixmatch:FixMatch",
    "fixmatch-ntxent": "ssc_tune.methods.fixmatch_ntxent:FixMatchNTXent",
    "flexmatch": "ssc_tune.methods.flexmatch:FlexMatch",
    "flexmatch-ssc": "ssc_tune.methods.flexmatch:FlexMatchSSC",
    "freematch": "ssc_tune.methods.freematch:FreeMatch",
    "freematch-ssc": "ssc_tune.methods.freematch:FreeMatchSSC",
    "mean-teacher": "ssc_tune.methods.mean_teacher:MeanTeacher",
    "pseudo-label": "ssc_tune.methods.pseudo_label:PseudoLabel",
    "softmatch": "ssc_tune.methods.softmatch:SoftMatch",
    "softmatch-ssc": "ssc_tune.methods.softmatch:SoftMatchSSC",
    "ssc": "ssc_tune.methods.ssc:SSC",
    "supervised": "ssc_tune.methods.supervised:Supervised",
    "supervised-full": "ssc_tune.methods.supervised:SupervisedFull",
    "uda": "ssc_tune.methods.uda:UDA",
}

names: tuple[str, ...] = tuple(sorted(_METHODS))
"""Every registered method."""


def get(name: str) -> type[Method[Any]]:
    """The class of a method.

    Raises:
        ValueError: the name is not registered; the message lists those that are.
    """
    if name not in _METHODS:
        raise ValueError(f"unknown method {name!r}; allowed: {', '.join(names)}")
    method: type[Method[Any]] = pkgutil.resolve_name(_METHODS[name])
    return method


def resolve(name: str, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """All hyperparameters of a method, the given ones validated and the others at their defaults."""
    return get(name).Hyperparameters.model_validate(dict(hyperparameters)).model_dump(mode="json")


def make(
    name: str, hyperparameters: Mapping[str, Any], *, num_classes: int, extent: Extent | None = None
) -> Method[Any]:
    """A method, the given hyperparameters validated and the others at their defaults.

    ``extent`` is the size of the cell; what does not train, and methods without state, can do without.
    """
    kind = get(name)
    return kind(kind.Hyperparameters.model_validate(dict(hyperparameters)), num_classes=num_classes, extent=extent)
