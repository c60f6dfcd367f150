"""Every method in one row; those of installed plug-ins and of a study beside them."""

from __future__ import annotations

import importlib.metadata
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

from ssc_tune.frozen import Frozen
from ssc_tune.methods.base import Extent, Method
from ssc_tune.methods.own import OwnMethod

_METHODS = {
    "adamatch": "ssc_tune.methods.adamatch:AdaMatch",
    "comatch": "ssc_tune.methods.comatch:CoMatch",
    "comatch-ssc": "ssc_tune.methods.comatch:CoMatchSSC",
    "dash": "ssc_tune.methods.dash:Dash",
    "dash-ssc": "ssc_tune.methods.dash:DashSSC",
    "fixmatch": "ssc_tune.methods.fixmatch:FixMatch",
    "fixmatch-2-views": "ssc_tune.methods.rungs:FixMatchTwoViews",
    "fixmatch-cosine": "ssc_tune.methods.fixmatch_cosine:FixMatchCosine",
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
    "ssc-confident-only": "ssc_tune.methods.rungs:SSCConfidentOnly",
    "ssc-separate": "ssc_tune.methods.rungs:SSCSeparate",
    "ssc-unweighted": "ssc_tune.methods.rungs:SSCUnweighted",
    "supervised": "ssc_tune.methods.supervised:Supervised",
    "supervised-full": "ssc_tune.methods.supervised:SupervisedFull",
    "uda": "ssc_tune.methods.uda:UDA",
}

names: tuple[str, ...] = tuple(sorted(_METHODS))
"""Every registered method."""


PLUGINS = "ssc_tune.methods"
"""The entry points by which an installed package adds methods: a name, and ``module:Class`` of a ``Method``."""


@cache
def plugins() -> dict[str, str]:
    """Methods of installed packages, ``module:Class`` by name; ours cannot be replaced."""
    found = {point.name: point.value for point in importlib.metadata.entry_points(group=PLUGINS)}
    return {name: target for name, target in sorted(found.items()) if name not in _METHODS}


def known() -> tuple[str, ...]:
    """Every method that a study may name without declaring it."""
    return (*names, *plugins())


def get(name: str, own: OwnMethod | None = None) -> type[Method[Any]]:
    """The class of a method.

    Args:
        name: of the method.
        own: what a study declares of it, where it does.

    Raises:
        ValueError: the name is not registered; the message lists those that are. Or it names something else than a
            method.
    """
    target = own.method if own is not None else _METHODS.get(name) or plugins().get(name)
    if target is None:
        if own is not None:
            raise ValueError(f"method {name!r} is a function or a command and has no class")
        raise ValueError(f"unknown method {name!r}; allowed: {', '.join(known())}")
    return class_at(target) if own is not None else _installed(target)


class NotAMethod(ValueError):
    """What was named is no class of methods."""


def class_at(target: str) -> type[Method[Any]]:
    """The class that ``module:Class`` names.

    Raises:
        NotAMethod: it is none of a method.
        Exception: whatever its module raises.
    """
    found = pkgutil.resolve_name(target)
    if not (isinstance(found, type) and issubclass(found, Method)):
        raise NotAMethod(f"{target} is no subclass of ssc_tune.methods.base.Method")
    return found


_installed = cache(class_at)
"""The class of a method that is no study's own, which may be edited and loaded again: every cell asks several times."""


def hyperparameters_of(name: str, own: OwnMethod | None = None) -> type[Frozen]:
    """The model of a method's hyperparameters: names, limits and defaults."""
    if own is not None and not own.is_ours_to_train:
        return own.model
    return get(name, own).Hyperparameters


def sources_of(name: str, own: OwnMethod | None = None) -> tuple[str, ...]:
    """Where a method was published, as keys of :mod:`ssc_tune.sources`; of a function or a command nobody knows."""
    return get(name, own).sources if own is None or own.is_ours_to_train else ()


def augmentation_of(name: str, hyperparameters: Mapping[str, Any], own: OwnMethod | None = None) -> tuple[str, ...]:
    """Where what strong views are made of was published; of a method that makes none, nothing."""
    if (own is not None and not own.is_ours_to_train) or not get(name, own).uses_unlabelled:
        return ()
    parts = get(name, own).Hyperparameters.STRONG_VIEWS
    return tuple(key for part, keys in parts.items() if hyperparameters.get(part) for key in keys)


def resolve(name: str, hyperparameters: Mapping[str, Any], own: OwnMethod | None = None) -> dict[str, Any]:
    """All hyperparameters of a method, the given ones validated and the others at their defaults."""
    return hyperparameters_of(name, own).model_validate(dict(hyperparameters)).model_dump(mode="json")


def make(
    name: str,
    hyperparameters: Mapping[str, Any],
    *,
    num_classes: int,
    extent: Extent | None = None,
    own: OwnMethod | None = None,
) -> Method[Any]:
    """A method, the given hyperparameters validated and the others at their defaults.

    ``extent`` is the size of the cell; what does not train, and methods without state, can do without. ``own`` is
    what a study declares of a method of its own.
    """
    kind = get(name, own)
    return kind(kind.Hyperparameters.model_validate(dict(hyperparameters)), num_classes=num_classes, extent=extent)
