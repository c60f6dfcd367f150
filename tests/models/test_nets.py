"""The encoders: size, shape, initialization, and a forward written once more."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from torch import Tensor, nn

from ssc_tune.models import BatchNorm2d, build, init_linear, update_running_statistics


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def num_parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def wrn_size(num_blocks: int, width: int, num_stages: int, num_classes: int) -> int:
    """Parameters of a wide residual network with a linear classifier, added up by hand (RGB images)."""
    channels, total = 16, 3 * 16 * 9
    for stage in range(num_stages):
        out = 16 * width * 2**stage
        for block in range(num_blocks):
            total += 2 * channels + channels * out * 9  # normalization and first convolution
            total += 2 * out + out * out * 9  # normalization and second convolution
            total += channels * out if block == 0 and channels != out else 0  # projection
            channels = out
    return total + 2 * channels + channels * num_classes + num_classes


@pytest.mark.parametrize(
    ("name", "shape", "size"),
    [
        ("wrn-28-2", (4, 2, 3), 1_467_610),  # "1.5M" in FixMatch
        ("wrn-28-8", (4, 8, 3), 23_354_842),
        ("wrn-37-2", (4, 2, 4), 5_929_434),  # "5.9M"
        ("wrn-10-1", (1, 1, 3), 77_850),
    ],
)
def test_numbers_of_parameters(name: str, shape: tuple[int, int, int], size: int) -> None:
    encoder = build(name, in_channels=3, generator=generator())
    assert wrn_size(*shape, num_classes=10) == size
    assert num_parameters(encoder) + num_parameters(nn.Linear(encoder.num_features, 10)) == size


def test_resnet_50_has_the_published_number_of_parameters() -> None:
    encoder = build("resnet-50", in_channels=3, generator=generator())
    assert num_parameters(encoder) == 23_508_032
    assert num_parameters(encoder) + num_parameters(nn.Linear(2048, 1000)) == 25_557_032


@pytest.mark.parametrize(
    ("name", "features"), [("wrn-10-1", 64), ("wrn-16-2", 128), ("wrn-13-1", 128), ("resnet-50", 2048)]
)
@pytest.mark.parametrize(("channels", "height", "width"), [(1, 8, 8), (3, 11, 14)])
def test_any_image_size_from_8_and_any_number_of_channels(
    name: str, features: int, channels: int, height: int, width: int
) -> None:
    encoder = build(name, in_channels=channels, generator=generator())
    assert encoder.num_features == features
    x = torch.randn(3, channels, height, width, generator=generator(1))
    assert encoder(x).shape == (3, features)
    assert encoder.eval()(x).isfinite().all()


@pytest.mark.parametrize("name", ["wrn-10-1", "wrn-13-1", "resnet-50"])
def test_weights_come_from_the_generator_alone(name: str) -> None:
    before = torch.get_rng_state()
    first, second, third = (build(name, in_channels=3, generator=generator(seed)).state_dict() for seed in (5, 5, 6))
    assert torch.equal(torch.get_rng_state(), before)
    for key, value in first.items():
        assert torch.equal(value, second[key])
        assert value.ndim != 4 or not torch.equal(value, third[key])


@pytest.mark.parametrize("name", ["wrn-28-2", "wrn-37-2", "resnet-50"])
def test_convolutions_are_normal_with_variance_2_over_fan_out(name: str) -> None:
    encoder = build(name, in_channels=3, generator=generator(1))
    pooled = []
    for layer in encoder.modules():
        if isinstance(layer, nn.Conv2d):
            assert layer.bias is None
            out_channels, _, height, width = layer.weight.shape
            expected = math.sqrt(2 / (out_channels * height * width))
            sample = layer.weight.detach().flatten().double()
            assert sample.std().item() == pytest.approx(expected, rel=5 / math.sqrt(2 * len(sample)))  # 5 sigma
            pooled.append(sample[:400] / expected)
        elif isinstance(layer, BatchNorm2d):
            assert (layer.weight == 1).all()
            assert (layer.bias == 0).all()
            assert (layer.running_mean == 0).all()
            assert (layer.running_var == 1).all()
    assert stats.kstest(torch.cat(pooled).numpy(), "norm").pvalue > 1e-3


def test_init_linear_is_xavier_normal_with_zero_bias() -> None:
    layer, again = nn.Linear(300, 200), nn.Linear(300, 200)
    before = torch.get_rng_state()
    init_linear(layer, generator=generator(2))
    init_linear(again, generator=generator(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(layer.weight, again.weight)
    assert (layer.bias == 0).all()
    sample = layer.weight.detach().flatten().double().numpy()
    assert stats.kstest(sample / math.sqrt(2 / 500), "norm").pvalue > 1e-3


def test_init_linear_without_bias() -> None:
    layer = nn.Linear(5, 4, bias=False)
    init_linear(layer, generator=generator())
    assert layer.weight.isfinite().all()


def reference_wrn(weights: dict[str, Tensor], x: Tensor, *, strides: tuple[int, ...], training: bool) -> Tensor:
    """A pre-activation WRN with one block a stage, in float64, from elementary operations."""

    def activate(name: str, x: Tensor) -> Tensor:
        mean, var = weights[f"{name}.norm.running_mean"], weights[f"{name}.norm.running_var"]
        if training:
            flat = x.transpose(0, 1).flatten(1)
            mean, var = flat.mean(1), flat.var(1, unbiased=False)
        scale = weights[f"{name}.norm.weight"] / (var + 1e-3) ** 0.5
        y = (x - mean.view(-1, 1, 1)) * scale.view(-1, 1, 1) + weights[f"{name}.norm.bias"].view(-1, 1, 1)
        return torch.where(y > 0, y, 0.1 * y)

    x = F.conv2d(x, weights["stem.weight"], padding=1)
    for stage, stride in enumerate(strides):
        block = f"blocks.{stage}"
        activated = activate(f"{block}.act1", x)
        y = F.conv2d(activated, weights[f"{block}.conv1.weight"], stride=stride, padding=1)
        y = F.conv2d(activate(f"{block}.act2", y), weights[f"{block}.conv2.weight"], padding=1)
        shortcut = activated if stage == 0 else x
        if f"{block}.shortcut.weight" in weights:
            shortcut = F.conv2d(shortcut, weights[f"{block}.shortcut.weight"], stride=stride)
        x = shortcut + y
    return activate("act", x).flatten(2).mean(2)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("name", "strides"), [("wrn-10-1", (1, 2, 2)), ("wrn-10-2", (1, 2, 2)), ("wrn-13-1", (2, 2, 2, 2))]
)
def test_forward_equals_a_reference_in_float64(name: str, strides: tuple[int, ...], training: bool) -> None:
    g = generator(3)
    encoder = build(name, in_channels=2, generator=g).double()
    for layer in encoder.modules():
        if isinstance(layer, BatchNorm2d):  # nothing at its start value, so that each is used
            layer.weight.data.uniform_(0.5, 2, generator=g)
            layer.bias.data.normal_(generator=g)
            layer.running_mean.normal_(generator=g)
            layer.running_var.uniform_(0.5, 2, generator=g)
    x = torch.randn(4, 2, 13, 10, generator=g, dtype=torch.float64)
    expected = reference_wrn(encoder.state_dict(), x, strides=strides, training=training)
    torch.testing.assert_close(encoder.train(training)(x), expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("training", [False, True])
def test_resnet_50_equals_torchvisions(training: bool) -> None:
    torchvision = pytest.importorskip("torchvision")
    encoder = build("resnet-50", in_channels=3, generator=generator(4))
    theirs = torchvision.models.resnet50(weights=None)
    theirs.fc = nn.Identity()
    missing, unexpected = theirs.load_state_dict(encoder.state_dict(), strict=False)
    assert not unexpected
    assert all(key.endswith("num_batches_tracked") for key in missing)
    x = torch.randn(4, 3, 40, 40, generator=generator(5))
    torch.testing.assert_close(encoder.train(training)(x), theirs.train(training)(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("channels_last", [False, True])
def test_bfloat16_autocast_is_close_to_float32(channels_last: bool) -> None:
    encoder = build("wrn-10-1", in_channels=1, generator=generator(6))
    x = torch.randn(32, 1, 8, 8, generator=generator(7))
    expected = encoder(x)
    if channels_last:
        encoder, x = encoder.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(encoder(x), expected, rtol=1e-4, atol=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = encoder(x)
    torch.autograd.backward(value.float().sum())
    for layer in encoder.modules():
        if isinstance(layer, BatchNorm2d):
            assert layer.batch_mean.dtype == layer.batch_var.dtype == torch.float32
    assert (value.float() - expected).norm() < 0.02 * expected.norm()


@pytest.mark.slow
def test_compiles_with_gradients_and_statistics() -> None:
    encoder = build("wrn-10-1", in_channels=1, generator=generator(8))
    same = build("wrn-10-1", in_channels=1, generator=generator(8))
    x = torch.randn(16, 1, 8, 8, generator=generator(9))
    momentum = torch.tensor(0.1)

    def step(x: Tensor) -> Tensor:
        loss: Tensor = encoder(x).square().mean()
        update_running_statistics(encoder, momentum)
        return loss

    loss = torch.compile(step, fullgraph=True)(x)
    torch.autograd.backward(loss)
    expected = same(x).square().mean()
    update_running_statistics(same, momentum)
    torch.autograd.backward(expected)
    torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-5)
    for (name, ours), theirs in zip(encoder.named_parameters(), same.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-3, atol=1e-5, msg=name)
    for key, value in encoder.state_dict().items():
        torch.testing.assert_close(value, same.state_dict()[key], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "name", ["wrn-11-1", "wrn-4-1", "wrn-5-1", "wrn-28", "wrn-28-0", "WRN-28-2", "vgg", "", "wrn-28-2\n"]
)
def test_unknown_names_say_what_is_allowed(name: str) -> None:
    with pytest.raises(ValueError, match=r"unknown model .*; allowed: wrn-DEPTH-WIDTH .* or resnet-18 or resnet-50"):
        build(name, in_channels=3, generator=generator())
