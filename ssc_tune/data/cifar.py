"""CIFAR-10 and CIFAR-100: 60,000 colour photographs of 32x32 pixels.

Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009. Means and standard deviations are
those of the published configurations of arXiv 2409.07292, so that results compare; for CIFAR-10 these are ImageNet's.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from ssc_tune.data import published
from ssc_tune.data.dataset import Dataset
from ssc_tune.data.mapped import Arrays


def read_cifar10() -> Dataset:
    """50,000 training and 10,000 test images of shape (3, 32, 32), 10 classes. A mirrored photograph keeps its label.

    Raises:
        InputError: the files are not there and cannot be downloaded.
    """
    return published.read(
        "cifar10",
        num_classes=10,
        train=[partial(_part, "CIFAR10", True)],
        test=partial(_part, "CIFAR10", False),
        files=["cifar-10-python.tar.gz"],
        lock="cifar10",
        horizontal_flip=True,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    )


def read_cifar100() -> Dataset:
    """50,000 training and 10,000 test images of shape (3, 32, 32), 100 classes. A mirrored photograph keeps its label.

    Raises:
        InputError: the files are not there and cannot be downloaded.
    """
    return published.read(
        "cifar100",
        num_classes=100,
        train=[partial(_part, "CIFAR100", True)],
        test=partial(_part, "CIFAR100", False),
        files=["cifar-100-python.tar.gz"],
        lock="cifar100",
        horizontal_flip=True,
        mean=(129.3 / 255, 124.1 / 255, 112.4 / 255),
        std=(68.2 / 255, 65.4 / 255, 70.4 / 255),
    )


def _part(kind: str, train: bool, root: Path, download: bool) -> Arrays:
    loaded = published.loader(kind)(root, train=train, download=download)
    return Arrays(loaded.data.transpose(0, 3, 1, 2), np.asarray(loaded.targets, dtype=np.int64))
