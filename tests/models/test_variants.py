"""The variants of nets: numbers of parameters, and the forward of the authors' code written once more."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssc_tune.models import BatchNorm2d, build
from ssc_tune.models.convolution import Conv2d


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("name", "variant", "classes", "size"),
    [
        ("wrn-28-2", "original", 10, 1_467_610),
        ("wrn-28-2", "authors", 10, 1_467_610 + 16),  # the bias of the first convolution
        ("wrn-28-8", "original", 100, 23_401_012),
        ("wrn-28-8", "authors", 100, 23_401_012 + 16),
        ("wrn-37-2", "original", 10, 5_929_434),
        ("wrn-37-2", "authors", 10, 5_929_434 + 16),
        ("resnet-50", "original", 0, 23_508_032),
        ("resnet-50", "authors", 0, 23_500_352),
        ("resnet-18", "original", 1000, 11_689_512),
        ("resnet-18", "authors", 10, 11_173_962),
    ],
)
def test_numbers_of_parameters(name: str, variant: str, classes: int, size: int) -> None:
    encoder = build(name, variant=variant, in_channels=3, generator=generator())
    classifier = (encoder.num_features + 1) * classes
    assert sum(parameter.numel() for parameter in encoder.parameters()) + classifier == size


def scrambled(name: str, variant: str) -> nn.Module:
    """In float64, with nothing at its start value, so that each is used."""
    g = generator(3)
    encoder = build(name, variant=variant, in_channels=2, generator=g).double()
    for layer in encoder.modules():
        if isinstance(layer, BatchNorm2d):
            layer.weight.data.uniform_(0.5, 2, generator=g)
            layer.bias.data.normal_(generator=g)
            layer.running_mean.normal_(generator=g)
            layer.running_var.uniform_(0.5, 2, generator=g)
        elif isinstance(layer, nn.Conv2d) and layer.bias is not None:
            assert (layer.bias == 0).all()
            layer.bias.data.normal_(generator=g)
    return encoder


def authors_wrn(weights: dict[str, Tensor], x: Tensor, *, blocks: int, strides: tuple[int, ...]) -> Tensor:
    """In evaluation, from elementary operations."""

    def activate(name: str, x: Tensor, eps: float) -> Tensor:
        part = {key: weights[f"{name}.norm.{key}"].view(-1, 1, 1) for key in ("running_mean", "weight", "bias")}
        scale = part["weight"] / (weights[f"{name}.norm.running_var"].view(-1, 1, 1) + eps).sqrt()
        y = (x - part["running_mean"]) * scale + part["bias"]
        return torch.maximum(y, 0.1 * y)

    x = F.conv2d(x, weights["stem.weight"], weights["stem.bias"], padding=1)
    for number in range(blocks * len(strides)):
        stage, within = divmod(number, blocks)
        stride = strides[stage] if within == 0 else 1
        first, second = weights[f"blocks.{number}.conv1.weight"], weights[f"blocks.{number}.conv2.weight"]
        shortcut = x
        if first.shape[0] == first.shape[1]:
            branch = activate(f"blocks.{number}.act1", x, 1e-5)
        else:
            branch = shortcut = activate(f"blocks.{number}.act1", x, 1e-5) if number == 0 else x
            shortcut = F.conv2d(shortcut, weights[f"blocks.{number}.shortcut.weight"], stride=stride)
        branch = F.conv2d(branch, first, stride=stride, padding=1)
        x = shortcut + F.conv2d(activate(f"blocks.{number}.act2", branch, 1e-5), second, padding=1)
    return activate("act", x, 1e-3).mean(dim=(2, 3))


@pytest.mark.parametrize(
    ("name", "blocks", "strides"),
    [("wrn-10-1", 1, (1, 2, 2)), ("wrn-16-2", 2, (1, 2, 2)), ("wrn-21-2", 2, (2, 2, 2, 2))],
)
def test_the_authors_wide_net_equals_a_reference_and_not_the_original(
    name: str, blocks: int, strides: tuple[int, ...]
) -> None:
    x = torch.randn(4, 2, 13, 10, generator=generator(1), dtype=torch.float64)
    encoder = scrambled(name, "authors").eval()
    expected = authors_wrn(encoder.state_dict(), x, blocks=blocks, strides=strides)
    torch.testing.assert_close(encoder(x), expected, rtol=1e-9, atol=1e-10)
    original = scrambled(name, "original").eval()
    original.load_state_dict(encoder.state_dict(), strict=False)
    assert (original(x) - expected).abs().max() > 0.01


@pytest.mark.parametrize("training", [False, True])
def test_resnet_18_equals_torchvisions(training: bool) -> None:
    torchvision = pytest.importorskip("torchvision")
    encoder = build("resnet-18", in_channels=3, generator=generator(4))
    theirs = torchvision.models.resnet18(weights=None)
    theirs.fc = nn.Identity()
    _, unexpected = theirs.load_state_dict(encoder.state_dict(), strict=False)
    assert not unexpected
    x = torch.randn(4, 3, 40, 40, generator=generator(5))
    torch.testing.assert_close(encoder.train(training)(x), theirs.train(training)(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["resnet-18", "resnet-50"])
def test_the_stem_for_small_images_keeps_their_size(name: str) -> None:
    torchvision = pytest.importorskip("torchvision")
    encoder = build(name, variant="authors", in_channels=3, generator=generator(4)).eval()
    theirs = getattr(torchvision.models, name.replace("-", ""))(weights=None)
    theirs.conv1, theirs.maxpool, theirs.fc = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity(), nn.Identity()
    theirs.load_state_dict(encoder.state_dict(), strict=False)
    x = torch.randn(2, 3, 16, 16, generator=generator(5))
    torch.testing.assert_close(encoder(x), theirs.eval()(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["wrn-13-1", "wrn-10-2", "resnet-18"])
@pytest.mark.parametrize(("channels", "size"), [(1, 8), (3, 11)])
def test_any_image_size_from_8_in_training_and_evaluation(name: str, channels: int, size: int) -> None:
    encoder = build(name, variant="authors", in_channels=channels, generator=generator())
    x = torch.randn(3, channels, size, size, generator=generator(1))
    assert encoder(x).shape == (3, encoder.num_features)
    assert encoder.eval()(x).isfinite().all()


def test_a_convolution_with_a_bias_has_the_usual_form() -> None:
    convolution = Conv2d(16, 32, 3, 2, 1)
    x = torch.zeros(2, 16, 8, 8, dtype=torch.bfloat16).contiguous(memory_format=torch.channels_last)
    assert convolution.form(x) == "usual"


def test_a_variant_that_is_not_there_says_what_is() -> None:
    with pytest.raises(ValueError, match="wrn-10-1 has no variant 'mine'; allowed: original, authors"):
        build("wrn-10-1", variant="mine", in_channels=1, generator=generator())
