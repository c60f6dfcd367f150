"""Street View House Numbers: digits of 32x32 pixels cut out of colour photographs.

Source: Netzer, Wang, Coates, Bissacco, Wu, Ng, "Reading digits in natural images with unsupervised feature learning",
2011. Mean and standard deviation are those of the published configurations of arXiv 2409.07292.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ssc_tune.data import published
from ssc_tune.data.dataset import Dataset
from ssc_tune.data.mapped import Arrays


def read_svhn() -> Dataset:
    """73,257 training and 26,032 test images of shape (3, 32, 32), 10 classes. Digits are not mirrored.

    FixMatch does not mirror them either; the public PyTorch code of arXiv 2409.07292 does.

    Raises:
        InputError: the files are not there and cannot be downloaded.
    """
    return _read("svhn", ("train",))


def read_svhn_with_extra() -> Dataset:
    """As :func:`read_svhn`, with the 531,131 easier images of ``extra`` at the end of the training part.

    Raises:
        InputError: the files are not there and cannot be downloaded.
    """
    return _read("svhn+extra", ("train", "extra"))


def _read(name: str, train: Sequence[str]) -> Dataset:
    return published.read(
        name,
        num_classes=10,
        train=[partial(_part, split) for split in train],
        test=partial(_part, "test"),
        files=[f"{split}_32x32.mat" for split in (*train, "test")],
        lock="svhn",
        horizontal_flip=False,
        mean=(0.438, 0.444, 0.473),
        std=(0.1751, 0.1771, 0.1744),
    )


def _part(split: str, root: Path, download: bool) -> Arrays:
    loaded = published.loader("SVHN")(root, split=split, download=download)
    return Arrays(loaded.data, loaded.labels)
