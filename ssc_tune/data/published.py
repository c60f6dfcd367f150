"""Data sets that torchvision downloads, checks and reads, kept as arrays after the first time."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ssc_tune.data import cache, mapped
from ssc_tune.data.dataset import Dataset
from ssc_tune.errors import InputError

Part = Callable[[Path, bool], mapped.Arrays]
"""Reads a part from torchvision's root; the flag asks for a download of what is missing there."""

_FORMAT = 1
"""Raised when the arrays of the same data set are to be written anew."""


def loader(kind: str) -> Any:
    """A class of ``torchvision.datasets``; torchvision is loaded by those who read files for the first time alone."""
    return getattr(importlib.import_module("torchvision.datasets"), kind)


def read(
    name: str,
    *,
    num_classes: int,
    train: Sequence[Part],
    test: Part,
    files: Sequence[str],
    lock: str,
    horizontal_flip: bool,
    mean: tuple[float, ...],
    std: tuple[float, ...],
) -> Dataset:
    """The data set, downloaded and converted where nobody did before.

    Args:
        name: in the registry.
        num_classes: K.
        train: parts of the training part, in order.
        test: the test part.
        files: what is downloaded, relative to the cache folder.
        lock: data sets with files in common have one in common.
        horizontal_flip: whether a mirrored image keeps its label.
        mean: of each channel, on the scale where white is 1.
        std: likewise.

    Raises:
        InputError: the files are not there and cannot be downloaded.
    """

    def make(folder: Path) -> None:
        for part, sources in (("train", train), ("test", [test])):
            mapped.write(folder, part, [_obtained(source, name, files) for source in sources])

    folder = cache.made(f"{name}-{_FORMAT}", make, lock=lock)
    parts = (*mapped.read(folder, "train"), *mapped.read(folder, "test"))
    return Dataset(name, *parts, num_classes, horizontal_flip, mean, std)


def _obtained(part: Part, name: str, files: Sequence[str]) -> mapped.Arrays:
    root = cache.folder()
    try:
        return part(root, False)
    except (RuntimeError, OSError):  # what torchvision raises where files are missing or damaged
        pass
    try:
        return part(root, True)
    except (RuntimeError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[-1]
        raise InputError(
            f"data.name: {name} is not in {root} and cannot be downloaded ({reason}); put {', '.join(files)} there, "
            f"or name with --data-dir or {cache.VARIABLE} the folder that holds them"
        ) from error
