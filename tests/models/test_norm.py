"""BatchNorm2d's contract with the training loop, against torch.nn.BatchNorm2d and hand-written statistics."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ssc_tune.models import BatchNorm2d, build, update_running_statistics


def images(seed: int = 0, channels: int = 3) -> Tensor:
    g = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(6, channels, 5, 4, generator=g) + torch.arange(channels).view(-1, 1, 1)


def test_a_training_forward_leaves_its_own_statistics_and_not_the_running_ones() -> None:
    layer = BatchNorm2d(3)
    for seed in range(3):  # the earlier forwards must leave no trace
        x = images(seed)
        layer(x)
    mean, var = x.mean(dim=(0, 2, 3)), x.transpose(0, 1).flatten(1).var(dim=1, unbiased=True)
    torch.testing.assert_close(layer.batch_mean, mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(layer.batch_var, var, rtol=1e-5, atol=1e-6)
    assert torch.equal(layer.running_mean, torch.zeros(3))
    assert torch.equal(layer.running_var, torch.ones(3))


@pytest.mark.parametrize("as_tensor", [False, True])
@pytest.mark.parametrize("channels_last", [False, True])
def test_with_updates_it_is_torchs_batch_norm_in_training_and_evaluation(as_tensor: bool, channels_last: bool) -> None:
    ours, theirs = BatchNorm2d(3, eps=1e-3), nn.BatchNorm2d(3, eps=1e-3, momentum=0.3)
    with torch.no_grad():
        ours.weight.copy_(torch.tensor([0.5, 1.0, 2.0]))
        ours.bias.copy_(torch.tensor([1.0, 0.0, -1.0]))
    theirs.load_state_dict(ours.state_dict(), strict=False)
    for seed in range(4):
        x = images(seed)
        x = x.contiguous(memory_format=torch.channels_last) if channels_last else x
        mine, reference = x.clone().requires_grad_(), x.clone().requires_grad_()
        y, expected = ours(mine), theirs(reference)
        update_running_statistics(ours, torch.tensor(0.3) if as_tensor else 0.3)
        torch.testing.assert_close(y, expected)
        (gradient,) = torch.autograd.grad(y.pow(3).sum(), mine)
        (expected_gradient,) = torch.autograd.grad(expected.pow(3).sum(), reference)
        torch.testing.assert_close(gradient, expected_gradient, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


def test_an_update_moves_every_layer_by_the_momentum() -> None:
    model = build("wrn-10-1", in_channels=1, generator=torch.Generator().manual_seed(0))
    model(torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(1)))
    layers = [layer for layer in model.modules() if isinstance(layer, BatchNorm2d)]
    assert len(layers) == 7  # two a block, and the last
    update_running_statistics(model, 0.25)
    for layer in layers:
        assert layer.batch_var.std() > 0
        torch.testing.assert_close(layer.running_mean, 0.25 * layer.batch_mean)
        torch.testing.assert_close(layer.running_var, 0.75 + 0.25 * layer.batch_var)


def test_momentum_zero_and_one_are_no_update_and_a_copy() -> None:
    layer = BatchNorm2d(3)
    layer(images())
    update_running_statistics(layer, 0.0)
    assert torch.equal(layer.running_mean, torch.zeros(3))
    update_running_statistics(layer, 1.0)
    assert torch.equal(layer.running_mean, layer.batch_mean)


def test_a_model_without_layers_is_left_alone() -> None:
    model = nn.BatchNorm2d(3)
    update_running_statistics(model, 1.0)
    assert model.running_mean is not None
    assert torch.equal(model.running_mean, torch.zeros(3))


def test_batch_statistics_are_not_saved() -> None:
    assert set(BatchNorm2d(3).state_dict()) == {"weight", "bias", "running_mean", "running_var"}


def test_evaluation_does_not_write_statistics() -> None:
    layer = BatchNorm2d(3).eval()
    layer(images())
    assert torch.equal(layer.batch_mean, torch.zeros(3))


def test_bfloat16_input_has_float32_statistics() -> None:
    layer, x = BatchNorm2d(3), (images() + 100).bfloat16()
    assert layer(x).dtype == torch.bfloat16
    exact = x.float()
    torch.testing.assert_close(layer.batch_mean, exact.mean(dim=(0, 2, 3)), rtol=1e-5, atol=0)
    torch.testing.assert_close(layer.batch_var, exact.transpose(0, 1).flatten(1).var(dim=1), rtol=1e-3, atol=0)
