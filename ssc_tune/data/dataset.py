"""What a data set is, and how packaged tables of images become one."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ssc_tune.data.facts import FOREIGN
from ssc_tune.data.splits import stratified
from ssc_tune.errors import InputError

TEST_SPLIT_SEED = 2409_07292


class Dataset(NamedTuple):
    """Images in memory, or mapped into it. N training and M test images of C channels, height H, width W."""

    name: str
    train_images: Tensor  # (N, C, H, W) uint8
    train_labels: Tensor  # (N,) int64 in 0 .. num_classes - 1; UNLABELLED or FOREIGN in the unlabelled pool alone
    test_images: Tensor  # (M, C, H, W) uint8
    test_labels: Tensor  # (M,) int64
    num_classes: int
    horizontal_flip: bool  # whether a mirrored image keeps its label
    mean: tuple[float, ...]  # of each channel, on the scale where white is 1
    std: tuple[float, ...]
    weak_rotation: float = 0.0  # largest rotation of a weak view, degrees either way
    weak_scale: float = 0.0  # largest change of size of a weak view, as a share


def open_set(dataset: Dataset, unknown_classes: int) -> Dataset:
    """The data set with the last classes unknown: their training images stay as :data:`FOREIGN`, no test image does.

    The protocol of class mismatch of Oliver et al., "Realistic evaluation of deep semi-supervised learning algorithms",
    NeurIPS 2018 (there animals of CIFAR-10 are known).
    """
    num_classes = dataset.num_classes - unknown_classes
    labels = torch.where(dataset.train_labels < num_classes, dataset.train_labels, FOREIGN)
    known = dataset.test_labels < num_classes
    return dataset._replace(
        train_labels=labels,
        test_images=dataset.test_images[known],
        test_labels=dataset.test_labels[known],
        num_classes=num_classes,
    )


def packaged_table(package: str, path: str) -> npt.NDArray[np.uint8]:
    """A table of numbers 0 to 255 from an installed package, without importing the package.

    Importing scikit-learn takes about 2 s and 100 MB in every process that trains; the file alone, some ms.

    Raises:
        InputError: the package is not installed or has no such file.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise InputError(f"data.name: the package {package!r}, which ships these images, is not installed")
    file = Path(spec.origin).parent / path
    if not file.is_file():
        raise InputError(f"data.name: the installed package {package!r} has no file {path!r}")
    return np.loadtxt(file, delimiter=",", dtype=np.uint8, ndmin=2)


def from_arrays(
    name: str,
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    *,
    num_test: int,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    horizontal_flip: bool,
    weak_rotation: float = 0.0,
    weak_scale: float = 0.0,
) -> Dataset:
    """Divides images (N, C, H, W) into a training part and a fixed stratified test part of ``num_test`` images.

    The rule, the same on every machine and for every version of numpy: rank the images by the raw 64-bit outputs of
    PCG64 seeded with 240907292; of each class the first ones go to the test part, as many as the class's share of
    ``num_test`` (largest remainders). Both parts keep the original order.
    """
    test = stratified(labels, num_test, seed=TEST_SPLIT_SEED)
    train = np.setdiff1d(np.arange(len(labels)), test)

    def part(chosen: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(images[chosen]), torch.from_numpy(labels[chosen].astype(np.int64))

    return Dataset(
        name,
        *part(train),
        *part(test),
        int(labels.max()) + 1,
        horizontal_flip,
        mean,
        std,
        weak_rotation,
        weak_scale,
    )
