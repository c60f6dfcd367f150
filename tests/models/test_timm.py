"""Nets of timm: their features, weights from the generator, and batch normalization that waits for the loop."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from ssc_tune.errors import InputError
from ssc_tune.models import build, registry, update_running_statistics, waiting

timm = pytest.importorskip("timm")


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("name", "size", "features"),
    [
        ("vit_tiny_patch16_224", 32, 192),
        ("mobilenetv3_small_050", 32, 1024),
        ("resnet10t", 32, 512),
        ("levit_128s", 224, 384),
    ],
)
def test_features_of_images_of_any_size(name: str, size: int, features: int) -> None:
    encoder = build(f"timm/{name}", in_channels=1, input_size=size, generator=generator())
    assert encoder.num_features == features
    assert encoder.eval()(torch.zeros(2, 1, 8, 8)).shape == (2, features)


def test_the_size_is_timms_own_unless_another_is_given() -> None:
    encoder = build("timm/resnet10t", in_channels=3, generator=generator())
    seen: list[torch.Size] = []
    encoder.core.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape))
    encoder.eval()(torch.zeros(1, 3, 8, 8))
    assert seen == [torch.Size((1, 3, 176, 176))]


def test_weights_come_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    first, second, third = (
        build("timm/vit_tiny_patch16_224", in_channels=1, input_size=32, generator=generator(seed)).state_dict()
        for seed in (5, 5, 6)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, second[key]) for key, value in first.items())
    assert any(not torch.equal(value, third[key]) for key, value in first.items())


def test_batch_normalization_waits_and_is_otherwise_timms() -> None:
    ours = build("timm/mobilenetv3_small_050", in_channels=3, input_size=32, generator=generator())
    theirs = timm.create_model("mobilenetv3_small_050", num_classes=0, in_chans=3)
    theirs.load_state_dict(ours.core.state_dict(), strict=False)
    for layer in theirs.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.3
    start = copy.deepcopy(ours.state_dict())
    for seed in range(3):
        x = torch.randn(8, 3, 32, 32, generator=generator(seed))
        ours(x + 1)  # a forward that the next one makes forgotten
        torch.testing.assert_close(ours(x), theirs.train()(x))
        if seed == 0:
            assert all(torch.equal(v, start[k]) for k, v in ours.state_dict().items() if not k.endswith("_tracked"))
        update_running_statistics(ours, 0.3)
    assert len(waiting(ours)) == sum(isinstance(layer, nn.BatchNorm2d) for layer in theirs.modules())
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))
    twin = copy.deepcopy(ours).train()
    twin(x)
    update_running_statistics(twin, 1.0)
    assert not torch.equal(twin.eval()(x), ours(x))


def test_unknown_names_are_answered_by_near_ones() -> None:
    with pytest.raises(InputError, match=r"no model 'vit_tiny_patch16_223' \(did you mean 'timm/vit_tiny_patch16_224'"):
        registry.find("timm/vit_tiny_patch16_223")
    with pytest.raises(ValueError, match="has no variant 'authors'; allowed: original"):
        build("timm/resnet10t", variant="authors", in_channels=3, generator=generator())


def test_without_timm_the_answer_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"'timm/resnet10t' needs timm, which is not installed; .*ssc-tune\[timm\]"):
        registry.find("timm/resnet10t")


def test_our_nets_can_resize_too() -> None:
    encoder = build("wrn-10-1", in_channels=1, input_size=16, generator=generator())
    plain = build("wrn-10-1", in_channels=1, generator=generator())
    x = torch.randn(2, 1, 8, 8, generator=generator(1))
    larger = nn.functional.interpolate(x, size=(16, 16), mode="bilinear", align_corners=False)
    assert torch.equal(encoder.eval()(x), plain.eval()(larger))
