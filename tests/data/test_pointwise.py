"""Each pointwise operation, image by image, against torchvision.transforms.v2.functional."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torchvision.transforms.v2.functional as tv
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssc_tune.data import pointwise

SHAPES = [(1, 8, 8), (3, 8, 8), (1, 28, 28), (3, 32, 32), (3, 17, 30), (1, 2, 5), (3, 96, 96)]


def pictures(shape: tuple[int, int, int], *, seed: int, num_images: int = 24) -> Tensor:
    """Noise, narrow ranges, few levels, constants and ramps, so that every branch of an operation is met."""
    g = torch.Generator().manual_seed(seed)
    noise = torch.randint(0, 256, (num_images, *shape), generator=g, dtype=torch.uint8)
    noise[1::6] = noise[1::6] // 4 + 60
    noise[2::6] = noise[2::6] // 64 * 64
    noise[3::6] = torch.randint(0, 256, (len(noise[3::6]), shape[0], 1, 1), generator=g, dtype=torch.uint8)
    noise[4::6] = (torch.arange(shape[2]) * 255 // max(shape[2] - 1, 1)).to(torch.uint8)
    return noise


def draws(number: int, *, seed: int) -> Tensor:
    return torch.rand(number, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", SHAPES)
def test_posterize_is_exact(shape: tuple[int, int, int]) -> None:
    images = pictures(shape, seed=0, num_images=27)
    bits = torch.arange(27) % 9
    expected = torch.stack([tv.posterize(x, int(b)) for x, b in zip(images, bits, strict=True)])
    assert torch.equal(pointwise.posterize(images, bits), expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_solarize_is_exact(shape: tuple[int, int, int]) -> None:
    images = pictures(shape, seed=1)
    thresholds = draws(len(images), seed=1) * 255
    thresholds[:4] = torch.tensor([0.0, 1.0, 254.5, 255.0])
    expected = torch.stack([tv.solarize(x, t.item()) for x, t in zip(images, thresholds, strict=True)])
    assert torch.equal(pointwise.solarize(images, thresholds), expected)


def test_solarize_at_and_above_255() -> None:
    """At 255 white turns black, as in torchvision; above it, where torchvision raises, nothing changes."""
    images = torch.full((3, 1, 4, 4), 255, dtype=torch.uint8)
    result = pointwise.solarize(images, torch.tensor([255.0, 255.01, 256.0]))
    assert torch.equal(result[0], tv.solarize(images[0], 255.0))
    assert (result[0] == 0).all()
    assert torch.equal(result[1:], images[1:])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["autocontrast", "equalize"])
def test_whole_image_operations_are_exact(name: str, shape: tuple[int, int, int]) -> None:
    images = pictures(shape, seed=2)
    ours: Callable[[Tensor], Tensor] = getattr(pointwise, name)
    expected = torch.stack([getattr(tv, name)(x) for x in images])
    assert torch.equal(ours(images), expected)


@settings(max_examples=25, deadline=None)
@given(size=st.integers(1, 40), channels=st.sampled_from([1, 3]), seed=st.integers(0, 2**31))
def test_equalize_any_size(size: int, channels: int, seed: int) -> None:
    images = pictures((channels, size, size + 1), seed=seed, num_images=6)
    expected = torch.stack([tv.equalize(x) for x in images])
    assert torch.equal(pointwise.equalize(images), expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "theirs"), [("brightness", tv.adjust_brightness), ("sharpness", tv.adjust_sharpness)])
def test_blends_without_rounding_are_exact(
    name: str, theirs: Callable[..., Tensor], shape: tuple[int, int, int]
) -> None:
    images = pictures(shape, seed=3)
    factors = pointwise.whole_factors(draws(len(images), seed=3))
    expected = torch.stack([theirs(x, f.item()) for x, f in zip(images, factors, strict=True)])
    assert torch.equal(getattr(pointwise, name)(images, factors), expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "theirs"), [("color", tv.adjust_saturation), ("contrast", tv.adjust_contrast)])
def test_blends_with_a_rounded_luma_agree_within_a_level(
    name: str, theirs: Callable[..., Tensor], shape: tuple[int, int, int]
) -> None:
    """Torchvision's luma may be one less where the exact one is whole, and its mean is blended in another order."""
    images = pictures(shape, seed=4)
    factors = pointwise.whole_factors(draws(len(images), seed=4))
    expected = torch.stack([theirs(x, f.item()) for x, f in zip(images, factors, strict=True)])
    difference = (getattr(pointwise, name)(images, factors).int() - expected.int()).abs()
    assert difference.max() <= 1
    assert (difference > 0).float().mean() <= 0.002


@pytest.mark.parametrize("channels", [1, 3])
def test_factor_one_is_neutral(channels: int) -> None:
    images = pictures((channels, 12, 9), seed=5)
    ones = torch.ones(len(images))
    for name in ("brightness", "color", "contrast", "sharpness"):
        assert torch.equal(getattr(pointwise, name)(images, ones), images), name


def test_luma_is_exact_in_whole_numbers() -> None:
    """All 2^24 colours would take long: a random 200,000 of them, in Python's integers through float64."""
    colours = torch.randint(0, 256, (1, 3, 400, 500), generator=torch.Generator().manual_seed(6), dtype=torch.uint8)
    red, green, blue = colours[0].long()
    assert torch.equal(pointwise.grey(colours)[0, 0].long(), (2989 * red + 5870 * green + 1140 * blue) // 10_000)


def test_factors_are_multiples_of_two_to_the_minus_15() -> None:
    factors = draws(1000, seed=7)
    rounded = pointwise.whole_factors(factors)
    assert torch.equal(rounded.double() * 2**15, (rounded.double() * 2**15).round())
    assert (rounded - factors).abs().max() <= 2**-16 + 1e-9
