"""Cutout: a grey square somewhere in each image.

Source: DeVries and Taylor, arXiv 1708.04552.
"""

from __future__ import annotations

import torch
from torch import Tensor

GREY = 127


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


def _covered(centres: Tensor, length: int, half: float) -> Tensor:
    """(N, length) uint8: 255 for pixels within ``half`` of the centre along one side, else 0."""
    pixels = torch.arange(length, dtype=torch.float32, device=centres.device) + 0.5
    inside = (pixels - (centres * length).unsqueeze(1)).abs() < half
    return inside.to(torch.uint8) * 255
