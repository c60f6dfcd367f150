"""Why digits are neither turned nor scaled: 5 degrees and 5% move no pixel of 8x8."""

from __future__ import annotations

import itertools

import torch

from ssc_tune import data
from ssc_tune.data import geometric
from ssc_tune.data.augmentation import weak


def test_no_pixel_of_8x8_is_read_from_another_place() -> None:
    """Every corner of the range, and a fine grid inside: what is furthest from the centre moves 0.491 pixels."""
    angles, scales = torch.linspace(-5, 5, 201), torch.linspace(0.95, 1.05, 101)
    angle, scale = torch.tensor(list(itertools.product(angles.tolist(), scales.tolist()))).unbind(1)
    positions = torch.arange(64, dtype=torch.uint8).view(1, 1, 8, 8).expand(len(angle), -1, -1, -1)
    assert torch.equal(geometric.turn(positions, angle, scale), positions)
    reach = 3.5 * (torch.deg2rad(torch.tensor(5.0)).cos() + torch.deg2rad(torch.tensor(5.0)).sin()) / 0.95
    assert reach - 3.5 < 0.495


def test_weak_views_of_digits_keep_their_bits_without_turns() -> None:
    dataset = data.load("digits")
    assert (dataset.weak_rotation, dataset.weak_scale) == (0, 0)
    before, now = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    images = dataset.train_images
    assert torch.equal(weak(images, generator=before, max_rotation=5.0, max_scale=0.05), weak(images, generator=now))
    assert torch.equal(before.get_state(), now.get_state())


def test_an_image_of_28x28_does_change() -> None:
    images = data.load("mnist5k").train_images[:100]
    turned, plain = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    assert not torch.equal(
        weak(images, generator=turned, max_rotation=5.0, max_scale=0.05), weak(images, generator=plain)
    )
