"""Strong views as the public code of FixMatch and of arXiv 2409.07292 draws them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from scipy import stats
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException, FakeTensorMode

from ssc_tune.data import augmentation, randaugment
from ssc_tune.data.cutout import random_cutout
from ssc_tune.data.facts import LAWS
from ssc_tune.data.randaugment import OPERATIONS
from ssc_tune.methods.base import Hyperparameters
from ssc_tune.training import train
from tests.data.test_randaugment import single
from tests.making.cells import make_config

NAMES = [operation.name for operation in OPERATIONS]
NUM = 30_000
OTHERS = [law for law in LAWS if law != "ours"]


def drawn(law: str, *, num_ops: int, magnitude: float = 10.0) -> list[randaugment.Layer]:
    uniforms = torch.rand((num_ops, 3, NUM), generator=torch.Generator().manual_seed(0))
    return randaugment.layers(uniforms, magnitude=magnitude, size=(32, 32), law=law)


@pytest.mark.parametrize(("law", "num_ops", "applied"), [("ours", 2, 1.86), ("fixmatch", 2, 0.93), ("paper", 3, 2.79)])
def test_so_many_operations_change_an_image(law: str, num_ops: int, applied: float) -> None:
    changed = sum((layer.operation != NAMES.index("identity")).double() for layer in drawn(law, num_ops=num_ops))
    assert float(changed.mean()) == pytest.approx(applied, abs=0.02)


def test_fixmatchs_levels_are_whole_and_uniform() -> None:
    """Solarize inverts from 256 - 25.6 l on."""
    (layer,) = drawn("fixmatch", num_ops=1)
    thresholds = layer.threshold[layer.operation == NAMES.index("solarize")]
    levels = (256 - thresholds) / 25.6
    whole = levels.round()
    assert torch.allclose(levels, whole, atol=1e-4)
    counts = whole.long().bincount(minlength=11).numpy()
    assert counts[0] == counts[10] == 0
    assert stats.chisquare(counts[1:10]).pvalue > 1e-4
    (weaker,) = drawn("fixmatch", num_ops=1, magnitude=5.0)
    seen = (256 - weaker.threshold[weaker.operation == NAMES.index("solarize")]) / 25.6
    assert set(seen.round().long().tolist()) == {1, 2, 3, 4}


def test_the_papers_range_does_not_depend_on_the_magnitude() -> None:
    full, weak = drawn("paper", num_ops=2), drawn("paper", num_ops=2, magnitude=3.0)
    assert all(torch.equal(a, b) for x, y in zip(full, weak, strict=True) for a, b in zip(x, y, strict=True))
    ours = drawn("ours", num_ops=2)
    assert all(torch.equal(a, b) for x, y in zip(full, ours, strict=True) for a, b in zip(x, y, strict=True))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 20, 16)])
def test_both_ways_are_equal(law: str, shape: tuple[int, int, int]) -> None:
    draw = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (300, *shape), generator=draw, dtype=torch.uint8)
    uniforms = torch.rand((2, 3, 300), generator=draw)
    layers = randaugment.layers(uniforms, magnitude=7.0, size=shape[1:], law=law)
    assert torch.equal(randaugment.apply_everywhere(images, layers), randaugment.apply_sorted(images, layers))


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 19, 24)])
@pytest.mark.parametrize("law", OTHERS)
def test_every_image_goes_through_its_own_operations_one_by_one(law: str, shape: tuple[int, int, int]) -> None:
    """In plain numbers for each image: FixMatch's level l stands for the share l / 10 of the range, applied or not."""
    num, draw = 120, torch.Generator().manual_seed(4)
    images = torch.randint(0, 256, (num, *shape), generator=draw, dtype=torch.uint8)
    uniforms = torch.rand((3, 3, num), generator=draw)
    expected = images.clone()
    for i in range(num):
        for which, strength, sign in uniforms[:, :, i].tolist():
            operation, share = OPERATIONS[int(14 * which)], strength
            if law == "fixmatch":
                if strength >= 0.5:
                    continue
                share = (1 + int(2 * strength * 9)) / 10
            value = operation.weakest + (operation.strongest - operation.weakest) * share
            value = -value if operation.signed and sign < 0.5 else value
            image = expected[i : i + 1]
            expected[i : i + 1] = single(operation.name, image, torch.tensor([value]), True, shape[1:])
    layers = randaugment.layers(uniforms, magnitude=10.0, size=shape[1:], law=law)
    for apply in (randaugment.apply_everywhere, randaugment.apply_sorted):
        assert torch.equal(apply(images, layers), expected)


@pytest.mark.parametrize("law", LAWS)
def test_a_view_on_an_accelerator_has_shapes_that_do_not_depend_on_draws(law: str) -> None:
    """Tensors without content, from which nothing can be read, as when a CUDA graph is captured."""

    def view(apply: Callable[..., torch.Tensor]) -> torch.Tensor:
        images, uniforms = torch.empty((5, 3, 32, 32), dtype=torch.uint8), torch.rand(2, 3, 5)
        layers = randaugment.layers(uniforms, magnitude=7.0, size=(32, 32), law=law)
        return random_cutout(apply(images, layers), torch.rand(2, 5), torch.rand(5), share=0.5)

    view(randaugment.apply_everywhere)  # what is made once is made with content
    with FakeTensorMode(allow_non_fake_inputs=True):
        made = view(randaugment.apply_everywhere)
        with pytest.raises((DataDependentOutputException, DynamicOutputShapeException)):
            view(randaugment.apply_sorted)
    assert (made.shape, made.dtype) == ((5, 3, 32, 32), torch.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(32, 32), (8, 8), (20, 28)])
def test_the_papers_hole_is_the_rectangle_that_pil_draws(channels: int, size: tuple[int, int]) -> None:
    draw = torch.Generator().manual_seed(2)
    height, width = size
    images = torch.randint(0, 256, (200, channels, *size), generator=draw, dtype=torch.uint8)
    centres, sides = torch.rand((2, 200), generator=draw), torch.rand(200, generator=draw)
    views = random_cutout(images, centres, sides, share=0.5)
    for i in range(200):
        picture = Image.fromarray(images[i].permute(1, 2, 0).squeeze(-1).numpy())
        side = float(sides[i]) * 0.5 * min(height, width)
        top, left = (max(0.0, float(centres[k, i]) * (height, width)[k] - side / 2) for k in (0, 1))
        corners = (int(left), int(top), int(min(width, int(left) + side)), int(min(height, int(top) + side)))
        ImageDraw.Draw(picture).rectangle(corners, (125, 123, 114) if channels == 3 else 123)
        expected = np.asarray(picture).reshape(height, width, channels).transpose(2, 0, 1)
        assert np.array_equal(views[i].numpy(), expected)


def test_the_papers_hole_takes_a_twelfth_of_the_image() -> None:
    images = torch.zeros(20_000, 1, 32, 32, dtype=torch.uint8)
    views = augmentation.strong(
        images,
        generator=torch.Generator().manual_seed(3),
        num_ops=0,
        magnitude=10,
        cutout=0.5,
        max_shift=0.0,
        law="paper",
    )
    assert float((views > 0).double().mean()) == pytest.approx(0.084, abs=0.002)


def test_an_unknown_law_is_refused_and_a_methods_are_those_there_are() -> None:
    with pytest.raises(ValueError, match="law is 'x'; allowed: ours, fixmatch, paper"):
        augmentation.strong(
            torch.zeros(1, 1, 8, 8, dtype=torch.uint8),
            generator=torch.Generator(),
            num_ops=1,
            magnitude=1,
            cutout=0,
            law="x",
        )
    field = Hyperparameters.model_fields["strong_view"]
    assert field.annotation is not None
    assert field.annotation.__args__ == LAWS


def test_the_law_is_that_of_the_cell() -> None:
    results = {
        law: train(make_config("fixmatch", hyperparameters={"strong_view": law, "tau": 0.2}, steps=4, evaluations=1))
        for law in LAWS
    }
    assert len({result.history[-1].train_loss for result in results.values()}) == 3
    plain = train(make_config("fixmatch", hyperparameters={"tau": 0.2}, steps=4, evaluations=1))
    assert plain.history[-1].train_loss == results["ours"].history[-1].train_loss
    config = make_config("fixmatch")
    assert config.cell_id == make_config("fixmatch", hyperparameters={"strong_view": "ours"}).cell_id
    assert config.cell_id != make_config("fixmatch", hyperparameters={"strong_view": "paper"}).cell_id
