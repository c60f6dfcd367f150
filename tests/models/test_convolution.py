"""The forms of a convolution of small planes against torch's own convolution."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ssc_tune.models import build
from ssc_tune.models.convolution import Conv2d, column, matrix, phases, pixels
from ssc_tune.models.layers import conv2d

Convolution = Callable[[Tensor, Tensor], Tensor]


def channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def outputs_and_gradients(function: Convolution, x: Tensor, weight: Tensor, seed: int) -> list[Tensor]:
    """The output and the gradients of x and weight for a random gradient of the output."""
    x, weight = x.clone().requires_grad_(), weight.clone().requires_grad_()
    y = function(x, weight)
    gradient = torch.randn(y.shape, dtype=y.dtype, generator=torch.Generator().manual_seed(seed))
    y.backward(gradient)
    assert x.grad is not None
    assert weight.grad is not None
    return [y.detach(), x.grad, weight.grad]


def assert_same(mine: Convolution, x: Tensor, weight: Tensor, *, stride: int) -> None:
    padding = weight.shape[2] // 2
    usual = outputs_and_gradients(lambda a, b: F.conv2d(a, b, stride=stride, padding=padding), x, weight, 1)
    for found, expected in zip(outputs_and_gradients(mine, x, weight, 1), usual, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@settings(deadline=None)  # the first call loads kernels
@given(
    images=st.integers(1, 3),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    size=st.integers(1, 9),
    stride=st.integers(1, 3),
    seed=st.integers(0, 100),
)
def test_forms_equal_the_usual_convolution_in_float64(
    images: int, channels: tuple[int, int], size: int, stride: int, seed: int
) -> None:
    draw = torch.Generator().manual_seed(seed)
    inputs, outputs = channels
    x = channels_last(torch.randn(images, inputs, size, size, generator=draw, dtype=torch.float64))
    three = torch.randn(outputs, inputs, 3, 3, generator=draw, dtype=torch.float64)
    assert_same(lambda a, b: pixels(a, b, stride), x, three[:, :, :1, :1], stride=stride)
    assert_same(lambda a, b: matrix(a, b, stride), x, three, stride=stride)
    assert_same(lambda a, b: column(a, b, None, stride), x[:, :, :, :1], three, stride=stride)
    if size % 2 == 0:
        assert_same(phases, x, three, stride=2)


@pytest.mark.parametrize(
    ("layer", "size", "form"),
    [
        ((16, 32, 1, 2), 8, "pixels"),
        ((16, 32, 3, 2), 8, "phases"),
        ((32, 64, 3, 2), 4, "matrix"),
        ((64, 64, 3, 1), 2, "matrix"),
        ((16, 16, 3, 1), 8, "usual"),
        ((16, 32, 3, 2), 7, "usual"),
        ((16, 32, 3, 2), 16, "usual"),
        ((16, 32, 1, 2), 32, "usual"),
        ((128, 128, 3, 1), 2, "usual"),
        ((16, 16, 1, 1), 8, "usual"),
    ],
)
def test_form_by_layer_and_plane(layer: tuple[int, int, int, int], size: int, form: str) -> None:
    inputs, outputs, kernel, stride = layer
    convolution = conv2d(inputs, outputs, kernel, stride=stride)
    x = channels_last(torch.zeros(2, inputs, size, size))
    assert convolution.form(x) == "usual"  # float32
    assert convolution.form(x.bfloat16()) == form
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert convolution.form(x) == form
        assert convolution.form(torch.zeros(2, inputs, size, size)) == ("usual" if size > 1 else form)
    convolution.small_planes = False
    assert convolution.form(x.bfloat16()) == "usual"


def net(small_planes: bool) -> tuple[Tensor, list[Tensor]]:
    """Features of a net and the gradients of its weights, in bfloat16."""
    encoder = build("wrn-10-1", in_channels=1, generator=torch.Generator().manual_seed(0))
    encoder = encoder.to(memory_format=torch.channels_last).train()
    convolutions = [module for module in encoder.modules() if isinstance(module, Conv2d)]
    for convolution in convolutions:
        convolution.small_planes = small_planes
    draw = torch.Generator().manual_seed(1)
    images = channels_last(torch.randn(64, 1, 8, 8, generator=draw))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = encoder(images)
    features.float().square().sum().backward()
    gradients = [convolution.weight.grad for convolution in convolutions]
    return features.detach().float(), [gradient for gradient in gradients if gradient is not None]


def test_a_net_in_bfloat16_is_the_same_up_to_rounding_with_every_form() -> None:
    features, gradients = net(small_planes=True)
    expected, usual = net(small_planes=False)
    assert len(gradients) == len(usual) == 9
    assert (features - expected).norm() < 0.02 * expected.norm()
    for found, wanted in zip(gradients, usual, strict=True):
        assert (found - wanted).norm() < 0.05 * wanted.norm()


@pytest.mark.parametrize("form", ["pixels", "matrix", "phases"])
def test_gradients_come_back_with_channels_last(form: str) -> None:
    x = channels_last(torch.randn(3, 4, 4, 4)).requires_grad_()
    weight = torch.randn(5, 4, 3, 3)
    y = {
        "pixels": lambda: pixels(x, weight[:, :, :1, :1], 2),
        "matrix": lambda: matrix(x, weight, 2),
        "phases": lambda: phases(x, weight),
    }[form]()
    gradient = channels_last(torch.randn_like(y))
    y.backward(gradient)
    assert x.grad is not None
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert x.grad.is_contiguous(memory_format=torch.channels_last)


def leave_nan_behind(*sizes: int) -> None:
    """Memory of these sizes, in numbers, that is free and full of NaN: what a kernel does not write is seen."""
    for size in sizes:
        for dtype in (torch.bfloat16, torch.float32):
            kept = [torch.full((size,), math.nan, dtype=dtype) for _ in range(3)]
            del kept


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("kernel", [1, 3, 7])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("bias", [False, True])
def test_no_gradient_is_what_memory_happened_to_be(dtype: torch.dtype, kernel: int, stride: int, bias: bool) -> None:
    """oneDNN leaves weights unwritten that meet padding alone in planes of width 1."""
    for (height, width), (inputs, outputs) in itertools.product(
        itertools.product((1, 2, 4), (1, 2, 3)), ((3, 16), (16, 16), (64, 128))
    ):
        draw = torch.Generator().manual_seed(1)
        layer = conv2d(inputs, outputs, kernel, stride=stride, bias=bias).to(memory_format=torch.channels_last)
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=draw))
        x = channels_last(torch.randn(8, inputs, height, width, generator=draw).to(dtype))
        if height == width == 1:
            x = x.as_strided(x.shape, (inputs, 1, 1, 1))  # as batch normalization leaves it
        usual = [p.detach().double().requires_grad_() for p in layer.parameters()]
        wide = x.double().requires_grad_()
        F.conv2d(wide, *usual, stride=stride, padding=kernel // 2).square().sum().backward()
        for _ in range(2):
            layer.zero_grad()
            given = x.clone().requires_grad_()
            leave_nan_behind(layer.weight.numel(), x.numel())
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
                y = layer(given)
            y.float().square().sum().backward()
            for found, expected in zip([given, *layer.parameters()], [wide, *usual], strict=True):
                assert found.grad is not None
                assert expected.grad is not None
                far = (found.grad.double() - expected.grad).abs().max() / expected.grad.abs().max()
                assert far < 0.05, (inputs, outputs, height, width)
