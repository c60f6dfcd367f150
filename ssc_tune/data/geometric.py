"""Affine maps of whole batches, one matrix an image, nearest pixel (PIL's default and torchvision's).

A matrix (A, B, C, D, E, F) says where the output pixel in column x and row y is read from, in continuous coordinates
with the origin in the corner and pixel centres at halves:

    x' = A (x + 1/2) + B (y + 1/2) + C,    y' = D (x + 1/2) + E (y + 1/2) + F,    pixel (floor x', floor y').

Coordinates are computed in fixed point with 16 fractional bits, as PIL does, so that the same matrix reads the same
pixels on every device. torchvision computes them in float32: results differ only where a coordinate falls within about
1e-3 pixels of the border between two pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor

_ONE = 65_536  # 1 in fixed point


def affine_matrix(
    angle: Tensor, shear_x: Tensor, shear_y: Tensor, shift_x: Tensor, shift_y: Tensor, *, size: tuple[int, int]
) -> Tensor:
    """Matrices (..., 6) in fixed point, int32, for images in each of which at most one parameter is not 0.

    Args:
        angle: degrees counter-clockwise about the centre of the image.
        shear_x: x' = x + shear_x * y about the upper left corner, as PIL's affine transform and torchvision's
            AutoAugment (``center=[0, 0]``) have it; torchvision's ``affine`` by default shears about the centre.
        shear_y: y' = y + shear_y * x about the same corner.
        shift_x: pixels to the right, fractions allowed.
        shift_y: pixels downwards.
        size: (H, W).
    """
    centre_y, centre_x = size[0] / 2, size[1] / 2
    radians = torch.deg2rad(angle)
    cos, sin = radians.cos(), radians.sin()
    along_x = (cos, shear_x - sin, centre_x * (1 - cos) + centre_y * sin - shift_x)
    along_y = (shear_y + sin, cos, centre_y * (1 - cos) - centre_x * sin - shift_y)
    return _fixed_point(along_x + along_y)


def _fixed_point(entries: tuple[Tensor, ...]) -> Tensor:
    return (torch.stack(entries, dim=-1) * _ONE).round().to(torch.int32)


def _positions(length: int, device: torch.device) -> Tensor:
    return torch.arange(length, dtype=torch.int32, device=device)


def _sources(matrices: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Columns and rows (N, H, W) int32 that the output pixels are read from, possibly outside the image."""
    height, width = size
    x, y = _positions(width, matrices.device), _positions(height, matrices.device).unsqueeze(1)
    a, b, c, d, e, f = matrices.view(-1, 6, 1, 1).unbind(1)
    columns = a * x + (b * y + (c + ((a + b) >> 1)))
    rows = d * x + (e * y + (f + ((d + e) >> 1)))
    return columns >> 16, rows >> 16


def gather(images: Tensor, index: Tensor) -> Tensor:
    """Pixels (N, C, H', W') at flat positions ``index`` (N, H', W') of each image (N, C, H, W), all channels alike."""
    flat = index.flatten(1).long().unsqueeze(1).expand(-1, images.shape[1], -1)
    return images.flatten(2).gather(2, flat).view(*images.shape[:2], *index.shape[1:])


def affine(images: Tensor, matrices: Tensor) -> Tensor:
    """Images (N, C, H, W) mapped by ``matrices`` (N, 6); what comes from outside is black, as PIL has it."""
    height, width = images.shape[-2:]
    columns, rows = _sources(matrices, (height, width))
    framed = torch.nn.functional.pad(images, (1, 1, 1, 1))
    index = (rows.clamp_(-1, height) + 1) * (width + 2) + (columns.clamp_(-1, width) + 1)
    return gather(framed, index)


def reflect(positions: Tensor, length: int) -> Tensor:
    """Positions folded back at the first and last pixel, neither repeated; beyond one reflection the nearest end."""
    last = length - 1
    return (last - (last - positions.abs()).abs()).clamp(0, last)


def shift(images: Tensor, rows: Tensor, columns: Tensor, mirrored: Tensor | None = None) -> Tensor:
    """Images moved by whole pixels, ``rows`` down and ``columns`` right (N,) int32, reflected at the border.

    ``mirrored`` (N,) bool images are flipped from left to right first.
    """
    height, width = images.shape[-2:]
    y = reflect(_positions(height, images.device) - rows.unsqueeze(1), height)
    x = reflect(_positions(width, images.device) - columns.unsqueeze(1), width)
    if mirrored is not None:
        x = torch.where(mirrored.unsqueeze(1), width - 1 - x, x)
    return gather(images, (y * width).unsqueeze(2) + x.unsqueeze(1))


def turn(images: Tensor, angle: Tensor, scale: Tensor) -> Tensor:
    """Images rotated by ``angle`` degrees and enlarged by ``scale`` (N,) about the centre, reflected at the border."""
    height, width = images.shape[-2:]
    radians = torch.deg2rad(angle)
    cos, sin = radians.cos() / scale, radians.sin() / scale
    along_x = (cos, -sin, width / 2 * (1 - cos) + height / 2 * sin)
    along_y = (sin, cos, height / 2 * (1 - cos) - width / 2 * sin)
    columns, rows = _sources(_fixed_point(along_x + along_y), (height, width))
    return gather(images, reflect(rows, height) * width + reflect(columns, width))
