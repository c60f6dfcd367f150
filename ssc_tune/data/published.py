"""Data sets that torchvision downloads, checks and reads, kept as arrays after the first time.

Sources: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998; Xiao, Rasul,
Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms", 2017; Krizhevsky,
"Learning multiple layers of features from tiny images", 2009; Netzer, Wang, Coates, Bissacco, Wu, Ng, "Reading digits
in natural images with unsupervised feature learning", 2011; Coates, Lee, Ng, "An analysis of single layer networks in
unsupervised feature learning", AISTATS 2011.
"""

from __future__ import annotations

import gzip
import importlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ssc_tune.data import cache, mapped, registry
from ssc_tune.data.dataset import Dataset
from ssc_tune.data.facts import Source
from ssc_tune.errors import InputError

_FORMAT = 1
"""Raised when the arrays of the same data set are to be written anew."""
_IDX = tuple(f"{part}-{content}-ubyte" for part in ("train", "t10k") for content in ("images-idx3", "labels-idx1"))
"""The four files of MNIST and Fashion-MNIST, without ``.gz``."""
SYSTEM = (Path("/usr/share/datasets/fashion-mnist"), Path("/usr/share/dataset-fashion-mnist"))
"""Where Debian's package ``dataset-fashion-mnist`` puts the files of Fashion-MNIST."""


class Published(NamedTuple):
    """Who reads a data set, and what of it is not in its files."""

    kind: str  # of torchvision.datasets; sets of one kind have files in common
    train: tuple[dict[str, Any], ...]  # arguments of that class for the pieces of the training part, in order
    test: dict[str, Any]
    files: tuple[str, ...]  # what is downloaded, relative to the cache folder
    mirror: bool  # whether a mirrored image keeps its label
    mean: tuple[float, ...]  # of each channel, on the scale where white is 1
    std: tuple[float, ...]
    prepare: Callable[[Path], None] = lambda root: None  # called before files are looked for in torchvision's root


def _unpack_system(root: Path) -> None:
    """Unpacks the system's files, which are compressed otherwise than those that torchvision knows the checksums of."""
    raw = root / "FashionMNIST" / "raw"
    system = next((place for place in SYSTEM if all((place / f"{file}.gz").is_file() for file in _IDX)), None)
    if system is None or all((raw / file).is_file() for file in _IDX):
        return
    raw.mkdir(parents=True, exist_ok=True)
    for file in _IDX:
        unfinished = raw / f"{file}.part"
        with gzip.open(system / f"{file}.gz") as packed, unfinished.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        unfinished.rename(raw / file)


_HALVES = (({"train": True},), {"train": False})
_MNIST = Published(
    "MNIST", *_HALVES, tuple(f"MNIST/raw/{file}.gz" for file in _IDX), mirror=False, mean=(0.1307,), std=(0.3081,)
)
_SVHN = Published(
    "SVHN",
    ({"split": "train"},),
    {"split": "test"},
    ("train_32x32.mat", "test_32x32.mat"),
    mirror=False,  # nor does FixMatch; the public PyTorch code of arXiv 2409.07292 does
    mean=(0.438, 0.444, 0.473),
    std=(0.1751, 0.1771, 0.1744),
)
PUBLISHED: dict[str, Published] = {
    "mnist": _MNIST,
    "fashion_mnist": Published(
        "FashionMNIST",
        *_HALVES,
        tuple(f"FashionMNIST/raw/{file}.gz" for file in _IDX),
        mirror=True,
        mean=(0.2860,),
        std=(0.3530,),
        prepare=_unpack_system,
    ),
    "cifar10": Published(
        "CIFAR10",
        *_HALVES,
        ("cifar-10-python.tar.gz",),
        mirror=True,
        mean=(0.485, 0.456, 0.406),  # ImageNet's
        std=(0.229, 0.224, 0.225),
    ),
    "cifar100": Published(
        "CIFAR100",
        *_HALVES,
        ("cifar-100-python.tar.gz",),
        mirror=True,
        mean=(129.3 / 255, 124.1 / 255, 112.4 / 255),
        std=(68.2 / 255, 65.4 / 255, 70.4 / 255),
    ),
    "svhn": _SVHN,
    "svhn+extra": _SVHN._replace(  # 531,131 easier images at the end of the training part
        train=({"split": "train"}, {"split": "extra"}),
        files=("train_32x32.mat", "extra_32x32.mat", "test_32x32.mat"),
    ),
    # Images without a label come from a similar but broader distribution; the labelled ones join them in the unlabelled
    # pool, as FixMatch does. The ten published folds are not used: labelled images are drawn by the seed, as always.
    "stl10": Published(
        "STL10",
        ({"split": "train"}, {"split": "unlabeled"}),
        {"split": "test"},
        ("stl10_binary.tar.gz",),
        mirror=True,
        mean=(112.4 / 255, 109.1 / 255, 98.6 / 255),
        std=(68.4 / 255, 66.6 / 255, 68.5 / 255),
    ),
}
"""By name. Mean and standard deviation of colours are those of the published configurations of arXiv 2409.07292, so
that results compare; of grey images they are the training part's."""


def read(source: Source) -> Dataset:
    """The data set, downloaded and converted where nobody did before.

    Raises:
        InputError: the files are not there and cannot be downloaded.
    """
    name, row = source.name, PUBLISHED[source.name]

    def make(folder: Path) -> None:
        for part, pieces in (("train", row.train), ("test", (row.test,))):
            mapped.write(folder, part, [_obtained(name, row, piece) for piece in pieces])

    folder = cache.made(f"{name}-{_FORMAT}", make, lock=row.kind)
    parts = (*mapped.read(folder, "train"), *mapped.read(folder, "test"))
    return Dataset(name, *parts, registry.info(name).num_classes, row.mirror, row.mean, row.std)


def _obtained(name: str, row: Published, piece: dict[str, Any]) -> mapped.Arrays:
    root = cache.folder()
    try:
        row.prepare(root)
        return _read(row.kind, root, **piece)
    except (RuntimeError, OSError):  # what torchvision raises where files are missing or damaged
        pass
    try:
        return _read(row.kind, root, download=True, **piece)
    except (RuntimeError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[-1]
        raise InputError(
            f"data.name: {name} is not in {root} and cannot be downloaded ({reason}); put {', '.join(row.files)} "
            f"there, or name with --data-dir or {cache.VARIABLE} the folder that holds them"
        ) from error


def _read(kind: str, root: Path, **asked: Any) -> mapped.Arrays:
    """A piece as torchvision reads it, which is loaded by those who read files for the first time alone."""
    loaded = getattr(importlib.import_module("torchvision.datasets"), kind)(root, **asked)
    labels = loaded.targets if hasattr(loaded, "targets") else loaded.labels
    return mapped.Arrays(mapped.channels_first(np.asarray(loaded.data)), np.asarray(labels, dtype=np.int64))
