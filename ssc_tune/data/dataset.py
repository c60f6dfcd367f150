"""What a data set is."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ssc_tune.data.facts import FOREIGN


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
