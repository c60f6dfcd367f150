"""The sampling law of RandAugment by statistics, and its two ways of running against single operations.

Statistical tests use fixed seeds; a p-value under 1e-4 fails.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor

from ssc_tune.data import geometric, pointwise, randaugment
from ssc_tune.data.randaugment import OPERATIONS

NAMES = [operation.name for operation in OPERATIONS]
FIXMATCH = {  # table 12 of arXiv 2001.07685
    "posterize": (8, 4),
    "solarize": (256, 0),
    "brightness": (0.95, 0.05),
    "color": (0.95, 0.05),
    "contrast": (0.95, 0.05),
    "sharpness": (0.95, 0.05),
    "rotate": (0, 30),
    "shear_x": (0, 0.3),
    "shear_y": (0, 0.3),
    "translate_x": (0, 0.3),
    "translate_y": (0, 0.3),
}
SIGNED = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")


def uniforms(num_layers: int, num_images: int, *, seed: int = 0) -> Tensor:
    return torch.rand((num_layers, 3, num_images), generator=torch.Generator().manual_seed(seed))


def images_of(num_images: int, shape: tuple[int, int, int], *, seed: int = 0) -> Tensor:
    g = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (num_images, *shape), generator=g, dtype=torch.uint8)


def test_pool_is_fixmatchs() -> None:
    pool = (
        "autocontrast brightness color contrast equalize identity posterize rotate sharpness shear_x shear_y solarize"
    )
    assert sorted(NAMES) == sorted([*pool.split(), "translate_x", "translate_y"])
    weakest, strongest = (
        randaugment.values(torch.arange(len(OPERATIONS)), torch.full((14,), u), torch.ones(14), magnitude=10.0)
        for u in (0.0, 1.0)
    )
    for operation, *ends in zip(OPERATIONS, weakest.tolist(), strongest.tolist(), strict=True):
        if operation.name in FIXMATCH:
            assert ends == pytest.approx(FIXMATCH[operation.name])
        assert operation.signed == (operation.name in SIGNED)


def test_operations_are_uniform_and_independent_between_layers() -> None:
    chosen = randaugment.layers(uniforms(2, 70_000), magnitude=10.0, size=(8, 8))
    for layer in chosen:
        assert stats.chisquare(layer.operation.bincount(minlength=14).numpy()).pvalue > 1e-4
    pairs = (14 * chosen[0].operation + chosen[1].operation).bincount(minlength=196)
    assert stats.chisquare(pairs.numpy()).pvalue > 1e-4


@pytest.mark.parametrize("magnitude", [0.5, 3.0, 5.0, 10.0])
@pytest.mark.parametrize("name", sorted(FIXMATCH))
def test_magnitudes_are_uniform_up_to_the_level(name: str, magnitude: float) -> None:
    """Kolmogorov-Smirnov against the uniform law between neutral + (end - neutral) m / 10 of the two ends."""
    _, u, sign = uniforms(1, 20_000, seed=1)[0]
    operation = torch.full((20_000,), NAMES.index(name))
    drawn = randaugment.values(operation, u, sign, magnitude=magnitude).numpy()
    neutral = 1.0 if FIXMATCH[name] == (0.95, 0.05) else float(FIXMATCH[name][0])
    ends = [neutral + magnitude / 10 * (end - neutral) for end in FIXMATCH[name]]
    if name in SIGNED:
        ends = [-ends[1], ends[1]]
    low, high = min(ends), max(ends)
    assert stats.kstest(drawn, stats.uniform(low, high - low).cdf).pvalue > 1e-4


def test_signs_are_fair_and_independent_of_strength() -> None:
    _, u, sign = uniforms(1, 20_000, seed=2)[0]
    drawn = randaugment.values(torch.full((20_000,), NAMES.index("rotate")), u, sign, magnitude=10.0)
    assert stats.binomtest(int((drawn > 0).sum()), 20_000).pvalue > 1e-4
    assert stats.ks_2samp(drawn[drawn > 0].numpy(), -drawn[drawn < 0].numpy()).pvalue > 1e-4


@pytest.mark.parametrize("magnitude", [0.0, 2.5, 10.0])
def test_operations_without_a_value_are_applied_in_proportion(magnitude: float) -> None:
    layer = randaugment.layers(uniforms(1, 70_000, seed=3), magnitude=magnitude, size=(8, 8))[0]
    counts = layer.operation.bincount(minlength=14)
    for name in ("autocontrast", "equalize"):
        tested = stats.binomtest(int(counts[NAMES.index(name)]), 70_000, magnitude / 140)
        assert tested.pvalue > 1e-4


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 19, 24)])
@pytest.mark.parametrize("magnitude", [1.0, 5.0, 10.0])
def test_every_image_gets_its_own_operation(shape: tuple[int, int, int], magnitude: float) -> None:
    """Both ways of running equal one call of the drawn operation for each image alone."""
    images, size = images_of(150, shape), (shape[1], shape[2])
    drawn = uniforms(1, len(images), seed=4)
    layer = randaugment.layers(drawn, magnitude=magnitude, size=size)
    expected = images.clone()
    for i in range(len(images)):
        which, u, sign = drawn[0, :, i : i + 1]
        operation = (which * 14).long()
        value = randaugment.values(operation, u, sign, magnitude=magnitude)
        expected[i : i + 1] = single(NAMES[int(operation)], images[i : i + 1], value, bool(u < magnitude / 10), size)
    assert torch.equal(randaugment.apply_sorted(images, layer), expected)
    assert torch.equal(randaugment.apply_everywhere(images, layer), expected)


def single(name: str, image: Tensor, value: Tensor, applied: bool, size: tuple[int, int]) -> Tensor:
    if name == "identity":
        return image
    if name in ("autocontrast", "equalize"):
        result: Tensor = getattr(pointwise, name)(image)
        return result if applied else image
    if name == "posterize":
        return pointwise.posterize(image, value.round().long())
    if name == "solarize":
        return pointwise.solarize(image, value)
    if name in SIGNED:
        scale = {"translate_x": size[1], "translate_y": size[0]}.get(name, 1)
        parameters = [value * scale if name == other else torch.zeros(1) for other in SIGNED]
        return geometric.affine(image, geometric.affine_matrix(*parameters, size=size))
    blended: Tensor = getattr(pointwise, name)(image, pointwise.whole_factors(value))
    return blended


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    channels=st.sampled_from([1, 3]),
    num_images=st.integers(0, 40),
    num_layers=st.integers(0, 5),
    magnitude=st.floats(0, 10),
    seed=st.integers(0, 2**31),
)
def test_both_ways_are_equal(
    height: int, width: int, channels: int, num_images: int, num_layers: int, magnitude: float, seed: int
) -> None:
    images = images_of(num_images, (channels, height, width), seed=seed)
    drawn = uniforms(num_layers, num_images, seed=seed)
    chosen = randaugment.layers(drawn, magnitude=magnitude, size=(height, width))
    assert torch.equal(randaugment.apply_sorted(images, chosen), randaugment.apply_everywhere(images, chosen))


def test_an_images_result_does_not_depend_on_its_batch() -> None:
    images, drawn = images_of(101, (3, 32, 32)), uniforms(3, 101, seed=5)
    together = randaugment.apply_sorted(images, randaugment.layers(drawn, magnitude=10.0, size=(32, 32)))
    for i in range(101):
        alone = randaugment.layers(drawn[..., i : i + 1].contiguous(), magnitude=10.0, size=(32, 32))
        assert torch.equal(randaugment.apply_sorted(images[i : i + 1], alone)[0], together[i])


def test_magnitude_zero_is_identity() -> None:
    images = images_of(300, (3, 32, 32))
    chosen = randaugment.layers(uniforms(4, 300, seed=6), magnitude=0.0, size=(32, 32))
    assert torch.equal(randaugment.apply_sorted(images, chosen), images)
    assert torch.equal(randaugment.apply_everywhere(images, chosen), images)


def test_distance_from_the_image_grows_with_magnitude() -> None:
    images, drawn = data_like(400), uniforms(2, 400, seed=7)
    distances = []
    for magnitude in (1.0, 3.0, 5.0, 7.0, 10.0):
        views = randaugment.apply_sorted(images, randaugment.layers(drawn, magnitude=magnitude, size=(28, 28)))
        distances.append((views.float() - images.float()).abs().mean().item())
    assert distances == sorted(distances)
    assert distances[-1] > 3 * distances[0]


def data_like(num_images: int) -> Tensor:
    from ssc_tune import data

    return data.load("mnist5k").train_images[:num_images]


def test_runs_as_one_graph() -> None:
    """No branch on a tensor's value on the way for accelerators: traced whole, with equal results."""

    def both(images: Tensor, drawn: Tensor) -> Tensor:
        return randaugment.apply_everywhere(images, randaugment.layers(drawn, magnitude=7.0, size=(16, 16)))

    images, drawn = images_of(64, (3, 16, 16)), uniforms(2, 64, seed=8)
    traced = torch.compile(both, fullgraph=True, backend="eager")
    assert torch.equal(traced(images, drawn), both(images, drawn))


@pytest.mark.slow
def test_compiled_is_equal() -> None:
    """Compiled for CPU. Fused products may round otherwise, so that single levels may differ in rare pixels."""

    def both(images: Tensor, drawn: Tensor) -> Tensor:
        return randaugment.apply_everywhere(images, randaugment.layers(drawn, magnitude=7.0, size=(28, 28)))

    images, drawn = data_like(200).repeat(1, 3, 1, 1), uniforms(2, 200, seed=9)
    difference = torch.compile(both, fullgraph=True)(images, drawn) != both(images, drawn)
    assert difference.float().mean() <= 1e-3
