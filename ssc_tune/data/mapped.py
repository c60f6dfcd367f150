"""Images as .npy files that are mapped into memory: all processes of a machine share the pages of one copy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_BLOCK = 4096
"""Images written at a time."""


class Arrays(NamedTuple):
    """Images of one part and their labels."""

    images: npt.NDArray[np.uint8]  # (N, C, H, W)
    labels: npt.NDArray[np.int64]  # (N,), -1 where there is none


def write(folder: Path, part: str, arrays: Sequence[Arrays]) -> None:
    """Writes ``PART_images.npy`` and ``PART_labels.npy``: the arrays one after another, without joining them first."""
    size = sum(len(one.images) for one in arrays)
    with images_file(folder, part, (size, *arrays[0].images.shape[1:])) as file:
        for one in arrays:
            for first in range(0, len(one.images), _BLOCK):
                file.add(one.images[first : first + _BLOCK])
    write_labels(folder, part, np.concatenate([one.labels for one in arrays]))


def write_labels(folder: Path, part: str, labels: npt.ArrayLike) -> None:
    """Writes ``PART_labels.npy``."""
    np.save(folder / f"{part}_labels.npy", np.asarray(labels, dtype=np.int64))


class ImagesFile:
    """A file of images that is filled from its beginning."""

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self._images = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        self._filled = 0

    def add(self, images: npt.NDArray[np.uint8]) -> None:
        """The next images, (N, C, H, W)."""
        self._images[self._filled : self._filled + len(images)] = images
        self._filled += len(images)

    def __enter__(self) -> ImagesFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._images.flush()
        del self._images


def images_file(folder: Path, part: str, shape: tuple[int, ...]) -> ImagesFile:
    """``PART_images.npy`` for images of ``shape`` (N, C, H, W), to be filled."""
    return ImagesFile(folder / f"{part}_images.npy", shape)


def read(folder: Path, part: str) -> tuple[Tensor, Tensor]:
    """Images uint8 (N, C, H, W) and labels int64 (N,) as :func:`write` left them."""
    return _tensor(folder / f"{part}_images.npy"), _tensor(folder / f"{part}_labels.npy")


def _tensor(path: Path) -> Tensor:
    # Copy on write: pages are shared as long as nobody writes, and torch warns of arrays that cannot be written to.
    return torch.from_numpy(np.load(path, mmap_mode="c"))


def moments(images: Iterable[Tensor], channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel on the scale where white is 1, exact up to the last division.

    Args:
        images: blocks of images, uint8 (N, C, H, W).
        channels: C.
    """
    counts = torch.zeros(channels, 256, dtype=torch.int64)
    for block in images:
        for channel in range(channels):
            counts[channel] += torch.bincount(block[:, channel].flatten(), minlength=256)
    levels, total = torch.arange(256), counts.sum(1).double()
    mean = (counts * levels).sum(1) / total
    variance = (counts * levels**2).sum(1) / total - mean**2
    return _shares(mean), _shares(variance.clamp_min(0).sqrt())


def _shares(values: Tensor) -> tuple[float, ...]:
    return tuple(round(value / 255, 6) for value in values.tolist())
