"""Convolution with faster forms for the small planes of small images.

oneDNN's bfloat16 kernels are made for larger planes and more channels than those of 8 x 8 images. Three forms that
compute the same sums in another order are faster there:

====================================== ===========================================================
layer                                  form
====================================== ===========================================================
1 x 1, strided                         the product of every second pixel with the weights
3 x 3, output of at most 2 x 2         one product with the (H W C, H' W' C') matrix of the layer
3 x 3, stride 2, few channels          the usual forward; the gradient of the input as a 2 x 2
                                       convolution of the output's gradient, four phases at once
====================================== ===========================================================

Each is used on a CPU in bfloat16 alone, and only where ``benchmarks/convolutions.py`` finds it faster.

A fourth is there to be right. For planes of width 1 and a stride above 1 oneDNN's bfloat16 kernel leaves the gradient
of the weights that lie beside the plane, which is 0, as memory happened to be, NaN among it (torch 2.15): there the
kernel's middle column alone is used.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_weight

Form = Literal["usual", "column", "pixels", "matrix", "phases"]

_PIXELS_PLANE, _PHASES_PLANE = 16, 8
_MATRIX_OUTPUT, _MATRIX_CHANNELS = 2, 64
_PHASES_CHANNELS = 16


class Conv2d(nn.Conv2d):
    """torch.nn.Conv2d, padded by half the (odd) kernel, that chooses its form by what it is given.

    The forms differ in rounding alone. The weights of a new layer are not set; see
    :func:`ssc_tune.models.layers.init_convolutions`.

    Attributes:
        small_planes: False keeps the usual form always.
    """

    small_planes = True

    def reset_parameters(self) -> None:
        """Leaves the weights unset: the usual initialization would draw from the global generator."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H', W') with H' = ceil(H / stride)."""
        form = self.form(x)
        if form == "usual":
            return super().forward(x)
        x, weight = x.bfloat16(), self.weight.bfloat16()
        with torch.autocast("cpu", enabled=False):
            if form == "column":
                return column(x, weight, None if self.bias is None else self.bias.bfloat16(), self.stride[0])
            if form == "pixels":
                return pixels(x, weight, self.stride[0])
            if form == "matrix":
                return matrix(x, weight, self.stride[0])
            return phases(x, weight)

    def form(self, x: Tensor) -> Form:
        """The form that :meth:`forward` takes for ``x``."""
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
        if x.device.type != "cpu" or dtype != torch.bfloat16:
            return "usual"
        choosing = self.small_planes and self.bias is None and not torch.compiler.is_compiling()
        square = x.shape[2] == x.shape[3]
        # Last, as functions over stacked nets (torch.func) cannot tell it.
        fitting = choosing and square and x.is_contiguous(memory_format=torch.channels_last)
        form = self._form_of_plane(x.shape[2]) if fitting else "usual"
        beside = x.shape[3] == 1 and self.kernel_size[1] > 1 and self.stride[0] > 1
        return "column" if form == "usual" and beside else form

    def _form_of_plane(self, size: int) -> Form:
        """The fastest form in bfloat16 on a CPU, for planes of ``size`` by ``size`` pixels."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        channels = max(self.in_channels, self.out_channels)
        if kernel == 1 and stride > 1 and size <= _PIXELS_PLANE:
            return "pixels"
        if kernel == 3 and -(-size // stride) <= _MATRIX_OUTPUT and channels <= _MATRIX_CHANNELS:
            return "matrix"
        halved = kernel == 3 and stride == 2 and size % 2 == 0
        return "phases" if halved and size <= _PHASES_PLANE and self.in_channels <= _PHASES_CHANNELS else "usual"


def column(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
    """A convolution of planes of width 1: the kernel's other columns meet padding alone.

    Args:
        x: (N, C, H, 1).
        weight: (C', C, K, K), K odd.
        bias: (C',).
        stride: of the convolution.
    """
    middle = weight.shape[3] // 2
    return F.conv2d(x, weight[:, :, :, middle : middle + 1], bias, stride=stride, padding=(middle, 0))


def pixels(x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """A 1 x 1 convolution: y[n, :, i, j] = weight x[n, :, s i, s j].

    Args:
        x: (N, C, H, W), channels last.
        weight: (C', C, 1, 1).
        stride: s.
    """
    y: Tensor = _Pixels.apply(x, weight, stride)
    return y


class _Pixels(torch.autograd.Function):
    """Written out because the gradient of a slice comes back with channels first, which slows all that follows."""

    @staticmethod
    def forward(x: Tensor, weight: Tensor, stride: int) -> Tensor:
        return F.linear(_every(x, stride), weight.flatten(1)).permute(0, 3, 1, 2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, int], output: Tensor) -> None:
        x, weight, ctx.stride = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        rows = gradient.permute(0, 2, 3, 1).flatten(0, 2)  # (N H' W', C')
        of_x = of_weight = None
        with torch.autocast("cpu", enabled=False):
            if ctx.needs_input_grad[0]:
                of_x = torch.zeros_like(x, memory_format=torch.channels_last)
                chosen = _every(of_x, ctx.stride)
                chosen.copy_((rows @ weight.flatten(1)).view(chosen.shape))
            if ctx.needs_input_grad[1]:
                of_weight = (rows.T @ _every(x, ctx.stride).flatten(0, 2)).view(weight.shape)
        return of_x, of_weight, None


def _every(x: Tensor, stride: int) -> Tensor:
    """(N, C, H, W) to a view (N, H', W', C) of every ``stride``-th pixel in both directions."""
    return x[:, :, ::stride, ::stride].permute(0, 2, 3, 1)


def matrix(x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """A 3 x 3 convolution with padding 1 as one matrix product.

    Row (i, c), column (j, c') of the matrix holds weight[c', c, t] where pixel i of the input lies under tap t of the
    kernel at pixel j of the output, and 0 where it lies under none.

    Args:
        x: (N, C, H, H), channels last.
        weight: (C', C, 3, 3).
        stride: of the convolution.
    """
    num_images, in_channels, size, _ = x.shape
    out_channels, out_size = weight.shape[0], -(-size // stride)
    under = _under(size, stride).to(x.dtype)  # (H H H' H', 9)
    taps = weight.permute(2, 3, 1, 0).reshape(9, in_channels * out_channels)
    layer = (under @ taps).view(size * size, out_size * out_size, in_channels, out_channels)
    layer = layer.transpose(1, 2).reshape(size * size * in_channels, out_size * out_size * out_channels)
    y = x.permute(0, 2, 3, 1).reshape(num_images, -1) @ layer
    return y.view(num_images, out_size, out_size, out_channels).permute(0, 3, 1, 2)


def phases(x: Tensor, weight: Tensor) -> Tensor:
    """A 3 x 3 convolution with padding 1 and stride 2 of planes of even size.

    Pixel (2 i + r, 2 j + q) of the input meets the taps of one parity alone, so that its gradient is a 2 x 2
    convolution of the output's gradient from pixel (i, j) on, with other weights for each of the four phases (r, q).

    Args:
        x: (N, C, H, H), channels last, H even.
        weight: (C', C, 3, 3).
    """
    y: Tensor = _Phases.apply(x, weight)
    return y


class _Phases(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, weight: Tensor) -> Tensor:
        return F.conv2d(x, weight, stride=2, padding=1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", enabled=False):
            of_x = _gradient_in_phases(gradient, weight) if ctx.needs_input_grad[0] else None
        of_weight = None
        if ctx.needs_input_grad[1]:
            of_weight = conv2d_weight(x, weight.shape, gradient, stride=2, padding=1)  # type: ignore[no-untyped-call]
        return of_x, of_weight


def _gradient_in_phases(gradient: Tensor, weight: Tensor) -> Tensor:
    num_images, out_channels, size, _ = gradient.shape
    in_channels = weight.shape[1]
    by_tap = weight.permute(2, 3, 1, 0).reshape(9, in_channels, out_channels)
    by_tap = torch.cat([by_tap, by_tap.new_zeros(1, in_channels, out_channels)])
    kernel = by_tap[_phase_taps()].view(4, 2, 2, in_channels, out_channels).permute(0, 3, 4, 1, 2)
    kernel = kernel.reshape(4 * in_channels, out_channels, 2, 2).contiguous(memory_format=torch.channels_last)
    padded = F.pad(gradient, (0, 1, 0, 1)).contiguous(memory_format=torch.channels_last)
    parts = F.conv2d(padded, kernel).permute(0, 2, 3, 1).reshape(num_images, size, size, 2, 2, in_channels)
    whole = parts.transpose(2, 3).reshape(num_images, 2 * size, 2 * size, in_channels)
    return whole.permute(0, 3, 1, 2)


@functools.cache
def _under(size: int, stride: int) -> Tensor:
    """(size^2 * out_size^2, 9) of 0 and 1: input pixel i lies under tap t of the kernel at output pixel j."""
    out_size = -(-size // stride)
    pixel, tap, out = torch.arange(size), torch.arange(3), torch.arange(out_size)
    # line[y, o, a]: row y of the input is row a of the kernel at row o of the output.
    line = pixel.view(-1, 1, 1) == out.view(1, -1, 1) * stride + tap - 1
    both = line[:, None, :, None, :, None] & line[None, :, None, :, None, :]  # (y, x, oy, ox, a, b)
    return both.reshape(-1, 9).to(torch.bfloat16)


@functools.cache
def _phase_taps() -> Tensor:
    """(16,) tap (9: none) of phase (r, q) and offset (di, dj), in this order.

    Row 2 i + r of the input lies under row a of the kernel at output row i + d where 2 i + r = 2 (i + d) + a - 1,
    that is a = r + 1 - 2 d.
    """
    row: tuple[tuple[int, int | None], ...] = ((1, None), (2, 0))  # [r][d]
    taps: list[int] = []
    for r, q, di, dj in itertools.product((0, 1), repeat=4):
        a, b = row[r][di], row[q][dj]
        taps.append(9 if a is None or b is None else 3 * a + b)
    return torch.tensor(taps)
