"""Weak and strong views of batches of images, and the net's input.

Everything runs on tensors, on any device, with draws of its own for every image. A call takes one block of uniform
numbers from the generator, a row a decision and a column an image, in the order of :data:`ROWS` (the weak view the
first five), then three rows (operation, strength, sign) a RandAugment layer. The block's size depends on the number of
images and of layers only, never on magnitudes or flags.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ssc_tune.data import geometric, randaugment
from ssc_tune.data.cutout import cutout as cut_out
from ssc_tune.data.cutout import random_cutout
from ssc_tune.data.facts import LAWS

ROWS = ("shift down", "shift right", "mirror", "rotation", "scale", "cutout's row", "cutout's column")
_WEAK_ROWS = 5
_SIDE = ROWS.index("scale")  # which a strong view has no other use for


def weak(
    images: Tensor,
    *,
    generator: torch.Generator,
    max_shift: float = 0.125,
    horizontal_flip: bool = False,
    max_rotation: float = 0.0,
    max_scale: float = 0.0,
) -> Tensor:
    """FixMatch's weak view: a random shift by whole pixels, and a random mirror where that keeps the label.

    Vertical and horizontal shift are uniform over -d .. d with d = floor(max_shift * side): 4 pixels of 32, 3 of 28,
    1 of 8. What comes from outside is reflected. Before the shift an image may be turned and scaled about its centre
    (nearest pixel); FixMatch does neither.

    Args:
        images: uint8 (N, C, H, W).
        generator: on the images' device.
        max_shift: share of the side, in [0, 1).
        horizontal_flip: mirror every image with probability 1/2.
        max_rotation: degrees, uniform either way.
        max_scale: enlargement is uniform in 1 - max_scale .. 1 + max_scale, max_scale in [0, 1).

    Returns:
        uint8 (N, C, H, W).

    Raises:
        ValueError: the images are not of this kind, or an argument is outside its range.
    """
    _check_images(images)
    _check_range("max_scale", max_scale, 0, 0.999)
    uniforms = _uniforms(_WEAK_ROWS, images, generator)
    if max_rotation or max_scale:
        spread = 2 * uniforms[3:5] - 1
        images = geometric.turn(images, max_rotation * spread[0], 1 + max_scale * spread[1])
    return _shifted(images, uniforms, max_shift, horizontal_flip)


def strong(
    images: Tensor,
    *,
    generator: torch.Generator,
    num_ops: int,
    magnitude: float,
    cutout: float,
    max_shift: float = 0.125,
    horizontal_flip: bool = False,
    law: str = "ours",
) -> Tensor:
    """FixMatch's strong view: shift (and mirror) as the weak one, RandAugment(n, m), then cutout.

    The laws ``fixmatch`` and ``paper`` are those of the public code of FixMatch and of arXiv 2409.07292: operations as
    :mod:`ssc_tune.data.randaugment` says, and with ``paper`` a hole of random side (:func:`cutout.random_cutout`).

    Args:
        images: uint8 (N, C, H, W), C being 1 or 3.
        generator: on the images' device.
        num_ops: n, operations an image.
        magnitude: m in [0, 10]; see :mod:`ssc_tune.data.randaugment` for each operation's range.
        cutout: side of the grey square as a share of the image's shorter side, in [0, 1]; with ``paper`` the largest.
        max_shift: as in :func:`weak`.
        horizontal_flip: as in :func:`weak`.
        law: of :data:`ssc_tune.data.facts.LAWS`.

    Returns:
        uint8 (N, C, H, W).

    Raises:
        ValueError: the images are not of this kind, or an argument is outside its range.
    """
    _check_images(images)
    if law not in LAWS:
        raise ValueError(f"law is {law!r}; allowed: {', '.join(LAWS)}")
    _check_range("num_ops", num_ops, 0, 1000)
    _check_range("magnitude", magnitude, 0, 10)
    _check_range("cutout", cutout, 0, 1)
    uniforms = _uniforms(len(ROWS) + randaugment.UNIFORMS_PER_OPERATION * num_ops, images, generator)
    views = _shifted(images, uniforms, max_shift, horizontal_flip)
    by_layer = uniforms[len(ROWS) :].view(num_ops, randaugment.UNIFORMS_PER_OPERATION, len(images))
    size = (images.shape[2], images.shape[3])
    views = randaugment.apply(views, randaugment.layers(by_layer, magnitude=magnitude, size=size, law=law))
    centres = uniforms[_WEAK_ROWS : len(ROWS)]
    if law == "paper":
        return random_cutout(views, centres, uniforms[_SIDE], share=cutout)
    return cut_out(views, centres, share=cutout)


def normalize(
    images: Tensor,
    *,
    mean: Sequence[float],
    std: Sequence[float],
    memory_format: torch.memory_format = torch.contiguous_format,
) -> Tensor:
    """(x / 255 - mean) / std for each channel, float32.

    Args:
        images: uint8 (N, C, H, W).
        mean: C numbers, on the scale where white is 1.
        std: C positive numbers.
        memory_format: of the result.

    Raises:
        ValueError: mean or std does not have one number a channel.
    """
    if not len(mean) == len(std) == images.shape[1]:
        raise ValueError(
            f"mean and std have {len(mean)} and {len(std)} numbers; needed: {images.shape[1]}, one a channel"
        )
    planes = [images[:, c : c + 1] * (1 / (255 * std[c])) - mean[c] / std[c] for c in range(images.shape[1])]
    joined = planes[0] if len(planes) == 1 else torch.cat(planes, dim=1)
    return joined.contiguous(memory_format=memory_format)


def _uniforms(rows: int, images: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand((rows, len(images)), generator=generator, device=images.device, dtype=torch.float32)


def _shifted(images: Tensor, uniforms: Tensor, max_shift: float, horizontal_flip: bool) -> Tensor:
    """Weak part of both views from rows 0 to 2 of the uniform numbers."""
    _check_range("max_shift", max_shift, 0, 0.999)
    down, right = (
        (uniforms[i] * (2 * limit + 1)).to(torch.int32) - limit
        for i, limit in enumerate(int(max_shift * side) for side in images.shape[2:])
    )
    return geometric.shift(images, down, right, uniforms[2] < 0.5 if horizontal_flip else None)


def _check_images(images: Tensor) -> None:
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3):
        raise ValueError(
            f"images are {images.dtype} of shape {tuple(images.shape)}; needed: uint8 (N, C, H, W) with 1 or 3 channels"
        )


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}; allowed: {low} to {high}")
