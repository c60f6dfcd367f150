"""Cutout: a grey square somewhere in each image.

Source: DeVries and Taylor, arXiv 1708.04552.
"""

from __future__ import annotations

import torch
from torch import Tensor

GREY = 127
MEAN_COLOUR = (125, 123, 114)
"""What the code of arXiv 2409.07292 fills a hole with, red, green, blue."""


def cutout(images: Tensor, centres: Tensor, *, share: float) -> Tensor:
    """A square of ``share`` times the shorter side, filled with 127, clipped at the border.

    A pixel is filled when its centre is within half the side of the square's centre in both directions, so that a side
    that is no whole number of pixels has the right length on average.

    Args:
        images: uint8 (N, C, H, W).
        centres: the centres (2, N), vertical and horizontal, as shares in [0, 1) of height and width.
        share: side of the square as a share of the image's shorter side, in [0, 1]; 0 changes nothing.
    """
    if share == 0:
        return images
    height, width = images.shape[-2:]
    half = share * min(height, width) / 2
    rows = _covered(centres[0], height, half)
    columns = _covered(centres[1], width, half)
    mask = (rows.unsqueeze(2) & columns.unsqueeze(1)).unsqueeze(1)
    return (images & ~mask) | (mask & GREY)  # four times as fast as masked_fill on CPU


def random_cutout(images: Tensor, centres: Tensor, sides: Tensor, *, share: float) -> Tensor:
    """A hole of a side of its own for each image, as in the public code of arXiv 2409.07292.

    The side v is ``sides`` times ``share`` times the shorter side. A hole begins at floor(max(0, c - v / 2)), c being
    the centre, and ends with the pixel in which its beginning plus v lies: at the far border it is clipped, at the near
    one it is not. At 0.5 and 32 pixels it takes 0.083 of an image on average. It is filled with :data:`MEAN_COLOUR`,
    grey images with its luma, 123.

    Args:
        images: uint8 (N, C, H, W), C being 1 or 3.
        centres: (2, N), vertical and horizontal, as shares in [0, 1) of height and width.
        sides: (N,) in [0, 1).
        share: largest side as a share of the image's shorter side, in [0, 1]; 0 changes nothing.
    """
    if share == 0:
        return images
    height, width = images.shape[-2:]
    side = sides * (share * min(height, width))
    inside = (_from(centres[0] * height, height, side).unsqueeze(2)) & (
        _from(centres[1] * width, width, side).unsqueeze(1)
    )
    red, green, blue = MEAN_COLOUR
    fill = MEAN_COLOUR if images.shape[1] == 3 else (round(0.299 * red + 0.587 * green + 0.114 * blue),)
    planes = [torch.where(inside, value, images[:, c]) for c, value in enumerate(fill)]
    return torch.stack(planes, dim=1)


def _from(centres: Tensor, length: int, side: Tensor) -> Tensor:
    """(N, length) bool: pixels of a hole along one side."""
    first = (centres - side / 2).clamp(min=0).floor()
    last = (first + side).clamp(max=length).floor()
    pixels = torch.arange(length, dtype=torch.float32, device=centres.device)
    return (pixels >= first.unsqueeze(1)) & (pixels <= last.unsqueeze(1))


def _covered(centres: Tensor, length: int, half: float) -> Tensor:
    """(N, length) uint8: 255 for pixels within ``half`` of the centre along one side, else 0."""
    pixels = torch.arange(length, dtype=torch.float32, device=centres.device) + 0.5
    inside = (pixels - (centres * length).unsqueeze(1)).abs() < half
    return inside.to(torch.uint8) * 255
