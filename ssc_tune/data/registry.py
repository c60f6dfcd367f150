"""Every data set in one row: where it is read from, and what is known of it without reading it.

Nothing here imports torch, so that study files are checked in a moment. The names that a study file may give, the
schema, the reference and the messages follow from these rows.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ssc_tune.errors import InputError

if TYPE_CHECKING:
    from ssc_tune.data.dataset import Dataset


class DatasetInfo(NamedTuple):
    """Where a data set is read from, and its sizes. C channels, height H, width W."""

    reader: str  # "module:function", of a function without arguments that returns a Dataset
    image_shape: tuple[int, int, int]  # (C, H, W)
    train_counts: tuple[int, ...]  # labelled training images of each class
    test_size: int
    unlabelled: int = 0  # further training images, without a label

    @property
    def num_classes(self) -> int:
        """Number of classes K."""
        return len(self.train_counts)

    @property
    def train_size(self) -> int:
        """Images of the training part that have a label N, validation included."""
        return sum(self.train_counts)

    @property
    def most_validation(self) -> int:
        """The largest validation set that leaves K images."""
        return self.train_size - self.num_classes

    def most_labels_per_class(self, validation: int) -> int:
        """The most labelled images a class can have beside a stratified validation set (largest remainders)."""
        shares = [divmod(count * validation, self.train_size) for count in self.train_counts]
        seats = [whole for whole, _ in shares]
        by_remainder = sorted(range(self.num_classes), key=lambda k: -shares[k][1])
        for k in by_remainder[: validation - sum(seats)]:
            seats[k] += 1
        return min(count - taken for count, taken in zip(self.train_counts, seats, strict=True))


DATASETS: dict[str, DatasetInfo] = {
    "digits": DatasetInfo(
        "ssc_tune.data.digits:read", (1, 8, 8), (128, 131, 128, 132, 131, 131, 131, 129, 126, 130), 500
    ),
    "mnist5k": DatasetInfo("ssc_tune.data.mnist5k:read", (1, 28, 28), (400,) * 10, 1000),
    "mnist": DatasetInfo(
        "ssc_tune.data.mnist:read_mnist",
        (1, 28, 28),
        (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
        10_000,
    ),
    "fashion_mnist": DatasetInfo("ssc_tune.data.mnist:read_fashion_mnist", (1, 28, 28), (6000,) * 10, 10_000),
    "cifar10": DatasetInfo("ssc_tune.data.cifar:read_cifar10", (3, 32, 32), (5000,) * 10, 10_000),
    "cifar100": DatasetInfo("ssc_tune.data.cifar:read_cifar100", (3, 32, 32), (500,) * 100, 10_000),
    "svhn": DatasetInfo(
        "ssc_tune.data.svhn:read_svhn",
        (3, 32, 32),
        (4948, 13_861, 10_585, 8497, 7458, 6882, 5727, 5595, 5045, 4659),
        26_032,
    ),
    "svhn_extra": DatasetInfo(
        "ssc_tune.data.svhn:read_svhn_extra",
        (3, 32, 32),
        (50_498, 104_421, 85_325, 69_262, 58_091, 60_372, 47_309, 49_592, 40_403, 39_115),
        26_032,
    ),
    "stl10": DatasetInfo("ssc_tune.data.stl10:read", (3, 96, 96), (500,) * 10, 8000, unlabelled=100_000),
}
"""Every data set by name."""


@cache
def load(name: str) -> Dataset:
    """A data set, read once a process. Its tensors are shared: do not change them in place.

    Raises:
        InputError: the name is not registered, or the package that ships the data is not installed.
    """
    if name not in DATASETS:
        raise InputError(f"data.name: unknown data set {name!r}; allowed: {', '.join(DATASETS)}")
    dataset: Dataset = pkgutil.resolve_name(DATASETS[name].reader)()
    return dataset
