"""Batch normalization whose running statistics move only when the training loop says so."""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class BatchNorm2d(nn.Module):
    r"""y = weight * (x - mean) / sqrt(var + eps) + bias, per channel.

    In training mode mean and (biased) variance are the batch's; the forward leaves this batch's mean and unbiased
    variance in the buffers ``batch_mean`` and ``batch_var``, which are not saved, and does not touch ``running_mean``
    and ``running_var``; :func:`update_running_statistics` moves those. In evaluation mode the running statistics are
    used. Statistics are float32 also under bfloat16 autocast.

    The deviation from torch.nn.BatchNorm2d is that separation: momentum is not a constant of the layer, so that a loop
    of a few hundred steps can warm it up.

    Args:
        num_channels: C of (N, C, H, W).
        eps: added to the variance.

    Raises:
        ValueError: in training mode, when N * H * W is 1.
    """

    running_mean: Tensor
    running_var: Tensor
    batch_mean: Tensor
    batch_var: Tensor

    def __init__(self, num_channels: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.num_channels = num_channels
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))
        self.register_buffer("running_mean", torch.zeros(num_channels))
        self.register_buffer("running_var", torch.ones(num_channels))
        self.register_buffer("batch_mean", torch.zeros(num_channels), persistent=False)
        self.register_buffer("batch_var", torch.ones(num_channels), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize ``x`` (N, C, H, W)."""
        if self.training:
            # momentum 1 makes "running = (1 - momentum) * running + momentum * batch" write the batch's own statistics.
            return F.batch_norm(
                x, self.batch_mean, self.batch_var, self.weight, self.bias, training=True, momentum=1.0, eps=self.eps
            )
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)

    def extra_repr(self) -> str:
        """The layer's size and eps, for printing."""
        return f"{self.num_channels}, eps={self.eps}"


def separate(model: nn.Module) -> None:
    """Makes every ``torch.nn`` batch normalization of ``model``, subclasses included, wait for the loop, in place.

    From then on such a layer does as :class:`BatchNorm2d`: a training forward writes the batch's statistics to the
    buffers ``batch_mean`` and ``batch_var``, which are not saved, and leaves the running ones alone.
    """
    for layer in model.modules():
        if isinstance(layer, _BatchNorm) and layer.running_mean is not None and layer.running_var is not None:
            layer.momentum = 1.0
            layer.register_buffer("batch_mean", torch.zeros_like(layer.running_mean), persistent=False)
            layer.register_buffer("batch_var", torch.ones_like(layer.running_var), persistent=False)
            layer.register_forward_pre_hook(_swap)
            layer.register_forward_hook(_swap, always_call=True)


def _swap(layer: nn.Module, *_: Any) -> None:
    """Lets a layer in training find the batch's statistics where it looks for the running ones, or the reverse."""
    if layer.training:
        held = layer._buffers
        held["running_mean"], held["batch_mean"] = held["batch_mean"], held["running_mean"]
        held["running_var"], held["batch_var"] = held["batch_var"], held["running_var"]


def waiting(model: nn.Module) -> list[nn.Module]:
    """The batch normalizations of ``model`` whose running statistics the training loop moves."""
    return [layer for layer in model.modules() if "batch_mean" in layer._buffers]


def update_running_statistics(model: nn.Module, momentum: Tensor | float) -> None:
    """running = running + momentum * (batch - running), in place, for every layer that :func:`waiting` finds.

    Call it once after the training forward whose statistics should count: a later one overwrites them. The reference's
    momentum is 0.001 (0.999 in the other convention); over a few hundred steps the training loop warms it up, as it
    does the moving average of the weights.

    Args:
        model: any module; one without such layers is left alone.
        momentum: in [0, 1]. A tensor of shape () stays on its device: nothing waits for its value.
    """
    layers = waiting(model)
    if not layers:
        return
    held = [cast("dict[str, Tensor]", layer._buffers) for layer in layers]
    running = [buffers["running_mean"] for buffers in held] + [buffers["running_var"] for buffers in held]
    batch = [buffers["batch_mean"] for buffers in held] + [buffers["batch_var"] for buffers in held]
    move_towards(running, batch, momentum)


@torch.no_grad()
def move_towards(moved: list[Tensor], goals: list[Tensor], weight: Tensor | float) -> None:
    """moved <- moved + weight * (goals - moved), in place, tensor by tensor.

    Args:
        moved: what changes.
        goals: one of the same shape for each.
        weight: a tensor of shape () stays on its device, and differs from the number of its value in rounding alone.
    """
    if isinstance(weight, Tensor):  # the scalar overload of lerp would read the value from the device
        steps = cast("list[Tensor]", list(torch._foreach_sub(goals, moved)))
        torch._foreach_mul_(steps, weight)
        torch._foreach_add_(moved, steps)
    else:
        torch._foreach_lerp_(moved, goals, weight)
