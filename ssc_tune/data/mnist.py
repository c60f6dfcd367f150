"""MNIST and Fashion-MNIST: 70,000 grey images of 28x28 pixels each.

Sources: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998; Xiao, Rasul,
Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms", 2017. Means and standard
deviations are those of the training parts.
"""

from __future__ import annotations

import gzip
import shutil
from functools import partial
from pathlib import Path

from ssc_tune.data import published
from ssc_tune.data.dataset import Dataset
from ssc_tune.data.mapped import Arrays

FILES = tuple(f"{part}-{content}-ubyte" for part in ("train", "t10k") for content in ("images-idx3", "labels-idx1"))
"""The four files of either data set, without ``.gz``."""

SYSTEM = (Path("/usr/share/datasets/fashion-mnist"), Path("/usr/share/dataset-fashion-mnist"))
"""Where Debian's package ``dataset-fashion-mnist`` puts the files of Fashion-MNIST."""


def read_mnist() -> Dataset:
    """60,000 training and 10,000 test images of shape (1, 28, 28), 10 digits. Digits are not mirrored.

    Raises:
        InputError: the files are not there and cannot be downloaded.
    """
    return published.read(
        "mnist",
        num_classes=10,
        train=[partial(_part, "MNIST", True)],
        test=partial(_part, "MNIST", False),
        files=[f"MNIST/raw/{file}.gz" for file in FILES],
        lock="mnist",
        horizontal_flip=False,
        mean=(0.1307,),
        std=(0.3081,),
    )


def read_fashion_mnist() -> Dataset:
    """60,000 training and 10,000 test images of shape (1, 28, 28), 10 kinds of clothing, which may be mirrored.

    Where Debian's package ``dataset-fashion-mnist`` is installed, nothing is downloaded.

    Raises:
        InputError: the files are not there and cannot be downloaded.
    """
    return published.read(
        "fashion_mnist",
        num_classes=10,
        train=[partial(_fashion, True)],
        test=partial(_fashion, False),
        files=[f"FashionMNIST/raw/{file}.gz" for file in FILES],
        lock="fashion_mnist",
        horizontal_flip=True,
        mean=(0.2860,),
        std=(0.3530,),
    )


def _part(kind: str, train: bool, root: Path, download: bool) -> Arrays:
    loaded = published.loader(kind)(root, train=train, download=download)
    return Arrays(loaded.data.unsqueeze(1).numpy(), loaded.targets.numpy())


def _fashion(train: bool, root: Path, download: bool) -> Arrays:
    raw = root / "FashionMNIST" / "raw"
    if not all((raw / file).is_file() for file in FILES):
        _unpack(raw)
    return _part("FashionMNIST", train, root, download)


def _unpack(raw: Path) -> None:
    """Unpacks the system's files, which are compressed otherwise than those that torchvision knows the checksums of."""
    system = next((place for place in SYSTEM if all((place / f"{file}.gz").is_file() for file in FILES)), None)
    if system is None:
        return
    raw.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        unfinished = raw / f"{file}.part"
        with gzip.open(system / f"{file}.gz") as packed, unfinished.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        unfinished.rename(raw / file)
