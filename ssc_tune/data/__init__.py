"""Data sets that ship with a dependency, their splits, and batched augmentation.

``names`` is known without importing torch; everything else is imported on first use. One family of data sets is one
file with a function ``read`` that returns a :class:`Dataset`. To add one: write its file, add a line to ``_MODULES``,
name it in :class:`ssc_tune.training.DataConfig`, test it.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Any

from ssc_tune.errors import InputError

if TYPE_CHECKING:
    from ssc_tune.data import augmentation
    from ssc_tune.data.dataset import Dataset
    from ssc_tune.data.splits import Split, split

_MODULES = {
    "digits": "ssc_tune.data.digits",
    "mnist5k": "ssc_tune.data.mnist5k",
}
_LATE = {"Dataset": "dataset", "Split": "splits", "split": "splits"}

names: tuple[str, ...] = tuple(sorted(_MODULES))
"""Every registered data set."""


@cache
def load(name: str) -> Dataset:
    """A data set, read once a process. Its tensors are shared: do not change them in place.

    Raises:
        InputError: the name is not registered, or the package that ships the data is not installed.
    """
    if name not in _MODULES:
        raise InputError(f"data.name: unknown data set {name!r}; allowed: {', '.join(names)}")
    dataset: Dataset = importlib.import_module(_MODULES[name]).read()
    return dataset


def __getattr__(name: str) -> Any:
    if name == "augmentation":
        return importlib.import_module("ssc_tune.data.augmentation")
    if name in _LATE:
        return getattr(importlib.import_module(f"ssc_tune.data.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Dataset", "Split", "augmentation", "load", "names", "split"]
