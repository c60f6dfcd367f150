"""Images as .npy files that are mapped into memory: all processes of a machine share the pages of one copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ssc_tune.data.array_survey import channels_axis

_BLOCK = 4096
"""Images written at a time."""


class Arrays(NamedTuple):
    """Images of one part and their labels."""

    images: npt.NDArray[np.uint8]  # (N, C, H, W)
    labels: npt.NDArray[np.int64]  # (N,), -1 where there is none


def channels_first(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Images (N, H, W), (N, H, W, C) or (N, C, H, W) with C 1 or 3, as (N, C, H, W)."""
    axis = channels_axis(images.shape)
    return images[:, None] if axis is None else np.moveaxis(images, axis, 1)


def write(folder: Path, part: str, arrays: Sequence[Arrays]) -> None:
    """Writes ``PART_images.npy`` and ``PART_labels.npy``: the arrays one after another, without joining them first."""
    size = sum(len(one.images) for one in arrays)
    with images_file(folder, part, (size, *arrays[0].images.shape[1:])) as add:
        for one in arrays:
            for first in range(0, len(one.images), _BLOCK):
                add(one.images[first : first + _BLOCK])
    write_labels(folder, part, np.concatenate([one.labels for one in arrays]))


def write_labels(folder: Path, part: str, labels: npt.ArrayLike) -> None:
    """Writes ``PART_labels.npy``."""
    np.save(folder / f"{part}_labels.npy", np.asarray(labels, dtype=np.int64))


@contextmanager
def images_file(folder: Path, part: str, shape: tuple[int, ...]) -> Iterator[Callable[[npt.NDArray[np.uint8]], None]]:
    """``PART_images.npy`` for images of ``shape`` (N, C, H, W); what it gives takes the next of them, (n, C, H, W)."""
    images = np.lib.format.open_memmap(folder / f"{part}_images.npy", mode="w+", dtype=np.uint8, shape=shape)
    filled = 0

    def add(more: npt.NDArray[np.uint8]) -> None:
        nonlocal filled
        images[filled : filled + len(more)] = more
        filled += len(more)

    yield add
    images.flush()


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
