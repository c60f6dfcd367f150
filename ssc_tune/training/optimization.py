"""SGD, its cosine schedule, and the moving average of the weights."""

from __future__ import annotations

import math
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn


def make_optimizer(model: nn.Module, *, learning_rate: float, momentum: float, weight_decay: float) -> torch.optim.SGD:
    """Nesterov SGD whose weight decay spares biases and normalization (every tensor of fewer than two dimensions)."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    spared = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": spared, "weight_decay": 0.0}]
    return torch.optim.SGD(groups, lr=learning_rate, momentum=momentum, nesterov=momentum > 0, fused=True)


def cosine(step: int, steps: int) -> float:
    """Factor of the learning rate at step k of K: cos(7 pi k / 16 K). It ends at about 0.195, not at 0."""
    return math.cos(7 * math.pi * step / (16 * steps))


def ema_decay(step: int, ceiling: float) -> float:
    """Decay of the moving average at step k (from 0): min(ceiling, (1 + k) / (10 + k)).

    The published constant 0.999 remembers about 1,000 steps, more than a short cell has; the warm-up form follows the
    weights closely at first and reaches 0.999 after 8,990 steps.
    """
    return min(ceiling, (1 + step) / (10 + step))


def norm_momentum(step: int) -> float:
    """Share of the newest batch in the running statistics of batch normalization at step k (from 0).

    The published 0.001 needs thousands of steps to forget its start; like the average of the weights, ours is
    max(0.001, 9 / (10 + k)), which reaches 0.001 after 8,990 steps.
    """
    return 1 - ema_decay(step, 0.999)


ModuleT = TypeVar("ModuleT", bound=nn.Module)


class Averaged(Generic[ModuleT]):
    """The exponential moving average of a model's weights, held in a second module that is used for evaluation."""

    def __init__(self, model: ModuleT, average: ModuleT) -> None:
        self.module = average.requires_grad_(False).eval()
        self._source: list[Tensor] = list(model.parameters())
        self._target: list[Tensor] = list(average.parameters())
        self._buffers = list(zip(average.buffers(), model.buffers(), strict=True))
        self.copy()

    @torch.no_grad()
    def copy(self) -> None:
        """Takes over weights and buffers as they are."""
        torch._foreach_copy_(self._target, self._source)
        self.copy_buffers()

    @torch.no_grad()
    def copy_buffers(self) -> None:
        """Takes over the buffers (running statistics, themselves averages)."""
        for target, source in self._buffers:
            target.copy_(source)

    @torch.no_grad()
    def update(self, decay: float) -> None:
        """average <- decay * average + (1 - decay) * weights."""
        torch._foreach_lerp_(self._target, self._source, 1 - decay)
