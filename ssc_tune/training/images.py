"""Which of the training images a cell has for what, and where they are: on the device if they fit, else on the host."""

from __future__ import annotations

import torch
from torch import Tensor

from ssc_tune import data
from ssc_tune.training.config import DataConfig
from ssc_tune.training.hardware import to_device

RESIDENT_BYTES = 4 << 30
"""Training images of at most so many bytes are copied to the accelerator once; of larger ones each batch is."""


class Images:
    """Training images. On a CPU they stay where they are, which may be a file that other processes share.

    Args:
        images: uint8 (N, C, H, W) on the host.
        device: where batches are wanted.
    """

    def __init__(self, images: Tensor, device: torch.device) -> None:
        self.device, self.dtype, self.shape = device, images.dtype, images.shape[1:]
        self.streamed = not fits(images, device, RESIDENT_BYTES)
        self._kept = images if self.streamed else images.to(device)

    def take(self, indices: Tensor) -> Tensor:
        """The images at ``indices`` (n,) int64, on the device."""
        if self.streamed:
            return to_device(self._kept[indices.cpu()], self.device)
        return self._kept[indices]


def fits(images: Tensor, device: torch.device, limit: int) -> bool:
    """Whether all images are kept on the device."""
    return device.type == "cpu" or images.nbytes <= limit


def divided(asked: DataConfig, dataset: data.Dataset, *, seed: int) -> data.Split:
    """Labelled, unlabelled and validation images; see :func:`ssc_tune.data.split`."""
    return data.split(
        dataset,
        labels_per_class=asked.labels_per_class,
        validation=asked.held_out(data.num_labelled(dataset)),
        seed=seed,
        imbalance=asked.imbalance,
        unlabelled_imbalance=asked.unlabelled_imbalance,
        unknown_share=asked.unknown_share,
    )
