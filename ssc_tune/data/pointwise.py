"""The operations of RandAugment that keep every pixel where it is.

All take uint8 images (N, C, H, W), C being 1 or 3, with one parameter an image, and give uint8 images. They agree with
``torchvision.transforms.v2.functional`` on single images. Blends, y = f x + (1 - f) d with a "degenerate" image d,
are truncated to whole levels as torchvision does; their factors f are multiples of 2^-15 (see :func:`whole_factors`),
so that every product with a level is exact in float32 and results do not depend on the batch.
"""

from __future__ import annotations

import torch
from torch import Tensor

_FACTOR_STEPS = 2.0**15


def _per_image(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)


def whole_factors(factors: Tensor) -> Tensor:
    """Factors rounded to multiples of 2^-15, in which the blends are exact."""
    return (factors * _FACTOR_STEPS).round() / _FACTOR_STEPS


def posterize(images: Tensor, bits: Tensor) -> Tensor:
    """Keeps the highest ``bits`` (N,) int64, 0 to 8, of each level; 8 is neutral."""
    masks = (256 - (1 << (8 - bits))).to(torch.uint8)
    return images & _per_image(masks)


def solarize(images: Tensor, thresholds: Tensor) -> Tensor:
    """Inverts levels of at least ``thresholds`` (N,) float32, 0 to 256; more than 255 is neutral."""
    lowest = _per_image(thresholds.ceil().clamp(max=255).to(torch.uint8))
    all_bits = _per_image((thresholds <= 255).to(torch.uint8) * 255)
    bright = torch.maximum(images, lowest) == images  # images >= lowest, six times as fast on CPU
    return images ^ (bright.to(torch.uint8) * all_bits)


def autocontrast(images: Tensor) -> Tensor:
    """Stretches each channel to 0..255: 255 (x - min) / (max - min), truncated; a constant channel is unchanged."""
    levels = images.float()  # reductions in float: torch 2.15 compiled for CPU gives 0 for the minimum of uint8
    low = levels.amin(dim=(-2, -1), keepdim=True)
    span = levels.amax(dim=(-2, -1), keepdim=True) - low
    constant = span == 0
    low, scale = torch.where(constant, 0.0, low), torch.where(constant, 1.0, span * (1 / 255))
    return ((levels - low) / scale).clamp_(0, 255).to(torch.uint8)


def equalize(images: Tensor) -> Tensor:
    """Flattens each channel's histogram.

    With b(v) the number of pixels below level v, P of all and p of those at the channel's maximum, the step is
    s = floor((P - p) / 255) and level v becomes min(255, floor((b(v) + floor(s / 2)) / s)). A channel with s = 0, hence
    every channel of fewer than 256 pixels, is unchanged: on 8x8 images this operation is the identity.
    """
    if images.shape[2] * images.shape[3] < 256:
        return images
    levels = images.flatten(2).long()
    histogram = torch.zeros(*levels.shape[:2], 256, dtype=torch.int32, device=images.device)
    histogram.scatter_add_(2, levels, torch.ones((), dtype=torch.int32, device=images.device).expand_as(levels))
    at_maximum = histogram.gather(2, levels.amax(dim=2, keepdim=True))
    step = (levels.shape[2] - at_maximum) // 255
    below = histogram.cumsum(2, dtype=torch.int32) - histogram
    table = ((below + step // 2) // step.clamp(min=1)).clamp_(max=255)
    unchanged = torch.arange(256, dtype=torch.int32, device=images.device)
    table = torch.where(step == 0, unchanged, table).to(torch.uint8)
    return table.gather(2, levels).view_as(images)


def blend(images: Tensor, degenerate: Tensor, factors: Tensor) -> Tensor:
    """f x + (1 - f) d, truncated, for ``factors`` f (N,) in [0, 1] and float32 d that broadcasts to (N, C, H, W)."""
    f = _per_image(factors)
    return (images * f).add_(degenerate * (1 - f)).to(torch.uint8)


def grey(images: Tensor) -> Tensor:
    """Luma floor(0.2989 R + 0.587 G + 0.114 B) as float32 (N, 1, H, W); one channel is its own luma.

    Summed as whole numbers in 1/10,000, which float32 holds exactly. torchvision sums rounded products, so that where
    the true luma is a whole number its floor may be one less.
    """
    if images.shape[1] == 1:
        return images.float()
    red, green, blue = images.float().unbind(1)
    return ((2989 * red + 5870 * green + 1140 * blue) / 10_000).floor_().unsqueeze(1)


def mean_grey(images: Tensor) -> Tensor:
    """Mean luma (N, 1, 1, 1), not rounded (PIL rounds it)."""
    return grey(images).mean(dim=(-2, -1), keepdim=True)


def smooth(images: Tensor) -> Tensor:
    """3x3 mean with weights 1, the centre's 5, over 13, rounded; float32. The border of one pixel is unchanged."""
    result = images.float()
    if min(images.shape[-2:]) <= 2:
        return result
    rows = result[..., :-2, :] + result[..., 1:-1, :] + result[..., 2:, :]
    sums = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:] + 4 * result[..., 1:-1, 1:-1]
    result[..., 1:-1, 1:-1] = (sums / 13).round_()
    return result


def brightness(images: Tensor, factors: Tensor) -> Tensor:
    """Blend with black: f x."""
    return (images * _per_image(factors)).to(torch.uint8)


def color(images: Tensor, factors: Tensor) -> Tensor:
    """Blend with the luma; on one channel the identity."""
    return images if images.shape[1] == 1 else blend(images, grey(images), factors)


def contrast(images: Tensor, factors: Tensor) -> Tensor:
    """Blend with the mean luma."""
    return blend(images, mean_grey(images), factors)


def sharpness(images: Tensor, factors: Tensor) -> Tensor:
    """Blend with the smoothed image: factors below 1 blur."""
    return blend(images, smooth(images), factors)
