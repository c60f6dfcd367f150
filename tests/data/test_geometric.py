"""Geometric operations against torchvision, numpy's reflection padding, and a loop in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torchvision.transforms.v2.functional as tv
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssc_tune.data import geometric

SHAPES = [(1, 8, 8), (3, 8, 8), (1, 28, 28), (3, 32, 32), (3, 17, 30), (1, 5, 2), (3, 96, 96)]
NAMES = ["rotate", "shear_x", "shear_y", "translate_x", "translate_y"]
TIE = 2e-3
"""Pixels whose source lies this close, in pixels, to the border between two pixels may differ from torchvision's."""


def images_of(shape: tuple[int, int, int], *, num_images: int = 20) -> Tensor:
    return torch.randint(
        1, 256, (num_images, *shape), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )  # no 0, so that fill shows


def values_of(name: str, number: int, size: tuple[int, int]) -> Tensor:
    largest = {"rotate": 30, "shear_x": 0.3, "shear_y": 0.3, "translate_x": 0.3 * size[1], "translate_y": 0.3 * size[0]}
    return (2 * torch.rand(number, generator=torch.Generator().manual_seed(1)) - 1) * largest[name]


def matrices_of(name: str, values: Tensor, size: tuple[int, int]) -> Tensor:
    parameters = [values if name == other else torch.zeros_like(values) for other in NAMES]
    return geometric.affine_matrix(*parameters, size=size)


def torchvisions(name: str, image: Tensor, value: float) -> Tensor:
    if name == "rotate":
        rotated: Tensor = tv.rotate(image, value)
        return rotated
    degrees = math.degrees(math.atan(value))
    shear = {"shear_x": [degrees, 0.0], "shear_y": [0.0, degrees]}.get(name, [0.0, 0.0])
    translate = {"translate_x": [value, 0.0], "translate_y": [0.0, value]}.get(name, [0.0, 0.0])
    centre = [0.0, 0.0] if name.startswith("shear") else None
    moved: Tensor = tv.affine(image, angle=0.0, translate=translate, scale=1.0, shear=shear, center=centre)
    return moved


def sources(name: str, value: float, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Where output pixels are read from, in float64, from the definition of each operation."""
    height, width = size
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    if name == "rotate":
        turned = ((x - width / 2) + 1j * (y - height / 2)) * np.exp(1j * math.radians(value))
        return turned.real + width / 2, turned.imag + height / 2
    moves = {
        "shear_x": (x + value * y, y),
        "shear_y": (x, y + value * x),
        "translate_x": (x - value, y),
        "translate_y": (x, y - value),
    }
    return moves[name]


def near_a_border(name: str, value: float, size: tuple[int, int]) -> Tensor:
    ties = [np.abs(c - np.rint(c)) < TIE for c in sources(name, value, size)]
    return torch.from_numpy(ties[0] | ties[1])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_against_torchvision(name: str, shape: tuple[int, int, int]) -> None:
    images, size = images_of(shape), (shape[1], shape[2])
    values = values_of(name, len(images), size)
    ours = geometric.affine(images, matrices_of(name, values, size))
    excused = 0
    for image, value, result in zip(images, values.tolist(), ours, strict=True):
        different = (result != torchvisions(name, image, value)).any(dim=0)
        ties = near_a_border(name, value, size)
        assert not (different & ~ties).any(), (name, value)
        excused += int(ties.sum())
    assert excused <= 0.02 * len(images) * shape[1] * shape[2] + max(shape[1:])


@pytest.mark.parametrize("name", NAMES)
def test_against_a_loop(name: str) -> None:
    images, size = images_of((3, 9, 14), num_images=6), (9, 14)
    values = values_of(name, len(images), size)
    ours = geometric.affine(images, matrices_of(name, values, size))
    for image, value, result in zip(images, values.tolist(), ours, strict=True):
        columns, rows = sources(name, value, size)
        ties = near_a_border(name, value, size)
        for y in range(9):
            for x in range(14):
                column, row = math.floor(columns[y, x]), math.floor(rows[y, x])
                inside = 0 <= column < 14 and 0 <= row < 9
                expected = image[:, row, column] if inside else torch.zeros(3, dtype=torch.uint8)
                assert ties[y, x] or torch.equal(result[:, y, x], expected)


def test_neutral_matrix() -> None:
    images = images_of((3, 11, 7))
    matrices = matrices_of("rotate", torch.zeros(len(images)), (11, 7))
    assert torch.equal(geometric.affine(images, matrices), images)


@settings(max_examples=40, deadline=None)
@given(height=st.integers(1, 12), width=st.integers(1, 12), seed=st.integers(0, 1000), channels=st.sampled_from([1, 3]))
def test_shift_is_a_crop_of_the_reflected_image(height: int, width: int, seed: int, channels: int) -> None:
    g = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (5, channels, height, width), generator=g, dtype=torch.uint8)
    rows = torch.randint(-(height - 1), height, (5,), generator=g, dtype=torch.int32)
    columns = torch.randint(-(width - 1), width, (5,), generator=g, dtype=torch.int32)
    mirrored = torch.rand(5, generator=g) < 0.5
    ours = geometric.shift(images, rows, columns, mirrored)
    for i in range(5):
        image = np.flip(images[i].numpy(), axis=2) if mirrored[i] else images[i].numpy()
        padded = np.pad(image, ((0, 0), (height - 1,) * 2, (width - 1,) * 2), mode="reflect")
        top, left = height - 1 - int(rows[i]), width - 1 - int(columns[i])
        assert np.array_equal(ours[i].numpy(), padded[:, top : top + height, left : left + width])


def test_turn_by_right_angles_and_nothing() -> None:
    images = images_of((3, 8, 8), num_images=4)
    ones = torch.ones(4)
    assert torch.equal(geometric.turn(images, torch.zeros(4), ones), images)
    assert torch.equal(geometric.turn(images, torch.full((4,), 90.0), ones), torch.rot90(images, 1, (2, 3)))


def test_turn_enlarges() -> None:
    image = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
    image[..., 3:5, 3:5] = 255
    doubled = geometric.turn(image, torch.zeros(1), torch.full((1,), 2.0))
    expected = torch.zeros_like(image)
    expected[..., 2:6, 2:6] = 255
    assert torch.equal(doubled, expected)
