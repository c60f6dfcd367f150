"""The two views, cutout and normalization."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from ssc_tune import data
from ssc_tune.data.augmentation import ROWS, normalize, strong, weak
from ssc_tune.data.cutout import cutout


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def one_pixel(num_images: int, side: int) -> Tensor:
    """A white pixel in the middle of black, so that a shift can be read off."""
    images = torch.zeros(num_images, 1, side, side, dtype=torch.uint8)
    images[..., side // 2, side // 2] = 255
    return images


@pytest.mark.parametrize(("side", "limit"), [(8, 1), (28, 3), (32, 4)])
def test_weak_shift_is_uniform_in_range(side: int, limit: int) -> None:
    views = weak(one_pixel(8000, side), generator=seeded())
    images, _, rows, columns = (views == 255).nonzero().unbind(1)
    assert torch.equal(images, torch.arange(8000))
    cells = (rows - side // 2 + limit) * (2 * limit + 1) + columns - side // 2 + limit
    counts = cells.bincount(minlength=(2 * limit + 1) ** 2).numpy()
    assert len(counts) == (2 * limit + 1) ** 2
    assert stats.chisquare(counts).pvalue > 1e-4


def test_weak_is_numpys_reflected_crop() -> None:
    images = torch.randint(0, 256, (40, 3, 16, 16), generator=seeded(), dtype=torch.uint8)
    views = weak(images, generator=seeded(1))
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)), mode="reflect")
    for i in range(40):
        crops = [padded[i, :, y : y + 16, x : x + 16] for y in range(5) for x in range(5)]
        assert sum(np.array_equal(views[i].numpy(), crop) for crop in crops) == 1


@pytest.mark.parametrize("view", ["weak", "strong"])
def test_mirror_only_where_asked_for(view: str) -> None:
    """A white left half on black stays left without mirrors, and is right for half of the images with them."""
    images = torch.zeros(2000, 1, 8, 8, dtype=torch.uint8)
    images[..., :4] = 255
    extra: dict[str, Any] = {} if view == "weak" else {"num_ops": 1, "magnitude": 0.0, "cutout": 0.0}
    function = weak if view == "weak" else strong

    def on_the_right(flip: bool) -> int:
        views = function(images, generator=seeded(), horizontal_flip=flip, max_shift=0.0, **extra)
        return int((views[:, 0, 0, 7] == 255).sum())

    assert on_the_right(False) == 0
    assert stats.binomtest(on_the_right(True), 2000).pvalue > 1e-4


@pytest.mark.parametrize("name", ["digits", "mnist5k"])
def test_digits_are_never_mirrored(name: str) -> None:
    """With the data set's own flag, every weak view is a pure shift of its image."""
    dataset = data.load(name)
    images = dataset.train_images[:200]
    views = weak(images, generator=seeded(), horizontal_flip=dataset.horizontal_flip).numpy()
    d = int(0.125 * images.shape[2])
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (d, d), (d, d)), mode="reflect")
    side = images.shape[2]
    for i in range(200):
        window = range(2 * d + 1)
        assert any(np.array_equal(views[i], padded[i, :, y : y + side, x : x + side]) for y in window for x in window)


def test_weak_rotation_and_scale_are_optional_and_bounded() -> None:
    images = one_pixel(500, 9)
    turned = weak(images, generator=seeded(), max_shift=0.0, max_rotation=45.0)
    assert torch.equal(turned, images)  # the centre stays
    edge = torch.zeros(500, 1, 9, 9, dtype=torch.uint8)
    edge[..., 0, 4] = 255
    assert not torch.equal(weak(edge, generator=seeded(), max_shift=0.0, max_rotation=45.0), edge)
    beside = torch.zeros(500, 1, 9, 9, dtype=torch.uint8)
    beside[..., 4, 6] = 255
    scaled = weak(beside, generator=seeded(), max_shift=0.0, max_scale=0.25)[:, 0, 4]
    # column 6 is 2 from the centre: scale s shows it in column 6 for 0.8 < s, in column 7 for 1.2 < s, else nowhere
    assert stats.binomtest(int((scaled[:, 6] == 255).sum()), 500, 0.45 / 0.5).pvalue > 1e-4
    assert stats.binomtest(int((scaled[:, 7] == 255).sum()), 500, 0.05 / 0.5).pvalue > 1e-4
    assert (scaled[:, [0, 1, 2, 3, 4, 5, 8]] == 0).all()


ARGUMENTS: dict[str, Any] = {"num_ops": 2, "magnitude": 10.0, "cutout": 0.5}


def test_draws_differ_between_images_and_repeat_with_the_generator() -> None:
    images = data.load("mnist5k").train_images[:1].repeat(200, 1, 1, 1)
    generator = seeded(3)
    state = generator.get_state()
    first = strong(images, generator=generator, **ARGUMENTS)
    second = strong(images, generator=generator, **ARGUMENTS)
    generator.set_state(state)
    assert torch.equal(strong(images, generator=generator, **ARGUMENTS), first)
    assert not torch.equal(first, second)
    assert len({view.numpy().tobytes() for view in first}) >= 195


def test_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    strong(one_pixel(10, 8), generator=seeded(), **ARGUMENTS)
    weak(one_pixel(10, 8), generator=seeded())
    assert torch.equal(torch.get_rng_state(), before)


def test_number_of_draws_depends_on_sizes_alone() -> None:
    """Rows as documented: flags and magnitudes leave the generator where it was, so that cells stay paired."""
    states = []
    for arguments in ({}, {"magnitude": 0.0, "cutout": 0.0, "max_shift": 0.0, "horizontal_flip": True}):
        generator = seeded()
        strong(one_pixel(17, 8), generator=generator, **{**ARGUMENTS, **arguments})
        states.append(generator.get_state())
    reference = seeded()
    torch.rand((len(ROWS) + 6, 17), generator=reference)
    assert torch.equal(states[0], states[1])
    assert torch.equal(states[0], reference.get_state())


def test_strong_without_strength_is_weak_shift() -> None:
    images = data.load("mnist5k").train_images[:100]
    views = strong(images, generator=seeded(), num_ops=3, magnitude=0.0, cutout=0.0)
    uniforms = torch.rand((len(ROWS) + 9, 100), generator=seeded())
    for i in range(100):
        down, right = (int(uniforms[row, i] * 7) - 3 for row in (0, 1))
        padded = np.pad(images[i, 0].numpy(), 3, mode="reflect")
        expected = padded[3 - down : 31 - down, 3 - right : 31 - right]
        assert np.array_equal(views[i, 0].numpy(), expected)
    still = strong(images, generator=seeded(), num_ops=3, magnitude=0.0, cutout=0.0, max_shift=0.0)
    assert torch.equal(still, images)


def test_inputs_are_not_changed() -> None:
    images = data.load("digits").train_images[:50].clone()
    copy = images.clone()
    strong(images, generator=seeded(), **ARGUMENTS)
    weak(images, generator=seeded())
    assert torch.equal(images, copy)


@pytest.mark.parametrize(("shape", "share"), [((1, 8, 8), 0.5), ((3, 32, 32), 0.5), ((3, 20, 30), 0.3), ((1, 8, 8), 1)])
def test_cutout_against_a_loop(shape: tuple[int, int, int], share: float) -> None:
    images = torch.randint(0, 256, (30, *shape), generator=seeded(), dtype=torch.uint8)
    centres = torch.rand((2, 30), generator=seeded(1))
    expected, half = images.clone(), share * min(shape[1:]) / 2
    for i in range(30):
        for y in range(shape[1]):
            for x in range(shape[2]):
                down, right = (centres[:, i].double() * torch.tensor(shape[1:])).tolist()
                if abs(y + 0.5 - down) < half and abs(x + 0.5 - right) < half:
                    expected[i, :, y, x] = 127
    assert torch.equal(cutout(images, centres, share=share), expected)


def test_cutouts_size_and_position_in_the_strong_view() -> None:
    """Sides are full or clipped, their means those of clipped squares, and positions are uniform."""
    side, share, number = 32, 0.25, 6000
    views = strong(
        torch.zeros(number, 1, side, side, dtype=torch.uint8),
        generator=seeded(5),
        num_ops=0,
        magnitude=0.0,
        cutout=share,
    )
    grey = views[:, 0] == 127
    assert torch.equal(grey, views[:, 0] != 0)
    heights, widths = grey.any(2).sum(1), grey.any(1).sum(1)
    assert heights.max() == widths.max() == 8
    assert torch.equal(grey.sum((1, 2)), heights * widths)
    expected = (1 - share / 4) * side * share  # a square of side s on a side of 1 keeps s (1 - s / 4) on average
    assert heights.float().mean().item() == pytest.approx(expected, rel=0.01)
    assert widths.float().mean().item() == pytest.approx(expected, rel=0.01)
    covered = grey.float().mean(0)
    inner = covered[4:-4, 4:-4]
    assert inner.mean().item() == pytest.approx(share**2, rel=0.03)
    assert (inner - share**2).abs().max() < 5 * (share**2 * (1 - share**2) / number) ** 0.5
    whole = (heights == 8) & grey[:, 1:-1].any(2).any(1) & ~grey[:, 0].any(1) & ~grey[:, -1].any(1)
    tops = grey.any(2).int().argmax(1)[whole]
    assert stats.chisquare((tops - 1).bincount(minlength=23).numpy()).pvalue > 1e-4


def test_every_decision_has_its_own_row() -> None:
    """Cutout's centre is drawn apart from the shift, in the documented rows."""
    images = torch.zeros(50, 1, 16, 16, dtype=torch.uint8)
    views = strong(images, generator=seeded(), num_ops=1, magnitude=0.0, cutout=0.4)
    uniforms = torch.rand((len(ROWS) + 3, 50), generator=seeded())
    centres = uniforms[[ROWS.index("cutout's row"), ROWS.index("cutout's column")]]
    assert torch.equal(views, cutout(images, centres, share=0.4))


def test_fractional_side_is_right_on_average() -> None:
    centres = torch.rand((2, 20_000), generator=seeded()) * 0.5 + 0.25  # 4 whole pixels
    views = cutout(torch.zeros(20_000, 1, 8, 8, dtype=torch.uint8), centres, share=0.3)
    heights = (views[:, 0] == 127).any(2).sum(1)
    assert set(heights.tolist()) == {2, 3}
    assert heights.float().mean().item() == pytest.approx(2.4, abs=0.03)


@pytest.mark.parametrize("channels", [1, 3])
def test_normalize(channels: int) -> None:
    images = torch.randint(0, 256, (5, channels, 6, 7), generator=seeded(), dtype=torch.uint8)
    mean, std = (0.4914, 0.4822, 0.4465)[:channels], (0.2471, 0.2435, 0.2616)[:channels]
    result = normalize(images, mean=mean, std=std, memory_format=torch.channels_last)
    columns = [(images[:, c].double() / 255 - mean[c]) / std[c] for c in range(channels)]
    expected = torch.stack(columns, 1)
    assert result.dtype == torch.float32
    assert result.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(result.double(), expected, rtol=1e-5, atol=1e-6)


def test_wrong_arguments_are_named() -> None:
    images = one_pixel(3, 8)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"num_ops": -1}, "num_ops is -1; allowed: 0 to"),
        ({"magnitude": 10.5}, r"magnitude is 10\.5; allowed: 0 to 10"),
        ({"cutout": 1.5}, r"cutout is 1\.5; allowed: 0 to 1"),
        ({"max_shift": 1.0}, r"max_shift is 1\.0"),
    ]
    for wrong, message in cases:
        with pytest.raises(ValueError, match=message):
            strong(images, generator=seeded(), **{**ARGUMENTS, **wrong})
    with pytest.raises(ValueError, match="max_scale"):
        weak(images, generator=seeded(), max_scale=1.0)
    for wrong_images in (images.float(), images[0], images.repeat(1, 2, 1, 1)):
        with pytest.raises(ValueError, match="needed: uint8"):
            weak(wrong_images, generator=seeded())
    with pytest.raises(ValueError, match="one a channel"):
        normalize(images, mean=(0.5, 0.5), std=(1.0, 1.0))


def test_no_images() -> None:
    empty = torch.zeros(0, 3, 8, 8, dtype=torch.uint8)
    assert weak(empty, generator=seeded()).shape == (0, 3, 8, 8)
    assert strong(empty, generator=seeded(), **ARGUMENTS).shape == (0, 3, 8, 8)
