"""Weak and strong views, an image at a time with PIL: FixMatch's pool of RandAugment at its full range, and cutout."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance, ImageOps

Picture = npt.NDArray[np.uint8]  # (H, W)
Random = np.random.Generator


def moved(picture: Picture, random: Random) -> Picture:
    """Shifted by up to an eighth of the side either way, reflected at the border."""
    limit = picture.shape[0] // 8
    down, right = random.integers(-limit, limit + 1, 2)
    padded = np.pad(picture, limit, mode="reflect")
    height, width = picture.shape
    return padded[limit - down : limit - down + height, limit - right : limit - right + width]


def weak(picture: Picture, random: Random, *, turn: float, scale: float) -> Picture:
    """Turned and scaled a little about the centre (nearest pixel, reflected at the border), then shifted."""
    angle = np.deg2rad(random.uniform(-turn, turn))
    size = random.uniform(1 - scale, 1 + scale)
    cos, sin, margin = np.cos(angle) / size, np.sin(angle) / size, 8
    padded = Image.fromarray(np.pad(picture, margin, mode="reflect"))
    centre = padded.width / 2
    matrix = (cos, -sin, centre * (1 - cos + sin), sin, cos, centre * (1 - cos - sin))
    turned = np.asarray(padded.transform(padded.size, Image.Transform.AFFINE, matrix))
    return moved(np.ascontiguousarray(turned[margin:-margin, margin:-margin]), random)


def _affine(a: float, b: float, c: float, d: float, e: float, f: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.transform(image.size, Image.Transform.AFFINE, (a, b, c, d, e, f))


def operation(random: Random, size: int) -> Callable[[Image.Image], Image.Image]:
    """One of the fourteen, with its value: table 12 of arXiv 2001.07685."""
    share, sign = random.uniform(0.05, 0.95), random.choice([-1, 1])
    slope = 0.3 * random.uniform() * sign
    choices: list[Callable[[Image.Image], Image.Image]] = [
        lambda image: image,
        ImageOps.autocontrast,
        ImageOps.equalize,
        lambda image: ImageOps.posterize(image, round(random.uniform(4, 8))),
        lambda image: ImageOps.solarize(image, random.uniform(0, 256)),
        lambda image: ImageEnhance.Brightness(image).enhance(share),
        lambda image: ImageEnhance.Color(image).enhance(share),
        lambda image: ImageEnhance.Contrast(image).enhance(share),
        lambda image: ImageEnhance.Sharpness(image).enhance(share),
        lambda image: image.rotate(100 * slope),
        _affine(1, slope, 0, 0, 1, 0),
        _affine(1, 0, 0, slope, 1, 0),
        _affine(1, 0, slope * size, 0, 1, 0),
        _affine(1, 0, 0, 0, 1, slope * size),
    ]
    return choices[random.integers(len(choices))]


def strong(picture: Picture, random: Random, *, operations: int, cutout: float) -> Picture:
    """Shifted, put through ``operations``, and a grey square of ``cutout`` of the side anywhere, cut at the border."""
    size = picture.shape[0]
    image = Image.fromarray(moved(picture, random))
    for _ in range(operations):
        image = operation(random, size)(image)
    result = np.array(image)
    places = np.arange(size) + 0.5
    rows, columns = (np.abs(places - random.uniform(0, size)) < cutout * size / 2 for _ in range(2))
    result[np.ix_(rows, columns)] = 127
    return result
