"""SGD, its cosine schedule, and the moving average of the weights."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from ssc_tune.models import move_towards


class Group(NamedTuple):
    """Parameters that share a weight decay, and their velocities."""

    parameters: list[Tensor]
    velocities: list[Tensor]
    weight_decay: float


class NesterovSGD:
    r"""SGD with Nesterov momentum (Sutskever et al., ICML 2013), as ``torch.optim.SGD(nesterov=True)`` has it.

    .. math:: g \leftarrow \nabla L + \lambda p, \quad v \leftarrow \mu v + g, \quad p \leftarrow p - \eta (g + \mu v)

    It calls the fused kernel of that class and gives the same bits. It is not that class because making one imports
    PyTorch's compiler, with sympy and triton, which costs each worker seconds and memory, and because a step of it
    spends more time around the kernel than in it.

    Weight decay spares biases and normalization: every tensor of fewer than two dimensions.

    Args:
        parameters: p; one without a gradient is left alone in a step.
        learning_rate: eta, which may be set anew before each step: a number, or float32 of shape () on the parameters'
            device, whose value is then read there.
        momentum: mu in [0, 1); 0 is plain SGD.
        weight_decay: lambda >= 0.
    """

    def __init__(
        self, parameters: Iterable[Tensor], *, learning_rate: float, momentum: float, weight_decay: float
    ) -> None:
        held = list(parameters)
        self.learning_rate: float | Tensor = learning_rate
        self.momentum = momentum
        self.groups = [
            Group(chosen, [torch.zeros_like(p) for p in chosen], decay)
            for chosen, decay in (
                ([p for p in held if p.ndim > 1], weight_decay),
                ([p for p in held if p.ndim <= 1], 0.0),
            )
        ]

    def zero_grad(self) -> None:
        """Drops the gradients."""
        for group in self.groups:
            for parameter in group.parameters:
                parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Moves the parameters by their gradients."""
        for group in self.groups:
            moved = [(p, p.grad, v) for p, v in zip(group.parameters, group.velocities, strict=True)]
            held = [(p, _laid_as(g, p), v) for p, g, v in moved if g is not None]
            if held:
                torch._fused_sgd_(
                    [p for p, _, _ in held],
                    [g for _, g, _ in held],
                    [v for _, _, v in held] if self.momentum else [],
                    weight_decay=group.weight_decay,
                    momentum=self.momentum,
                    lr=self.learning_rate,
                    dampening=0.0,
                    nesterov=self.momentum > 0,
                    maximize=False,
                    is_first_step=False,
                )

    def state(self) -> list[Tensor]:
        """The velocities, for a checkpoint."""
        return [velocity for group in self.groups for velocity in group.velocities]

    def load_state(self, state: list[Tensor]) -> None:
        """Continues from a checkpoint."""
        for velocity, saved in zip(self.state(), state, strict=True):
            velocity.copy_(saved)


def _laid_as(gradient: Tensor, parameter: Tensor) -> Tensor:
    """On CUDA the fused kernel wants equal strides, also along dimensions of size 1, where they mean nothing."""
    if not parameter.is_cuda or gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)


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

    def move(self, weight: Tensor | float) -> None:
        """average <- average + weight * (weights - average); ``weight`` as :func:`ssc_tune.models.move_towards`."""
        move_towards(self._target, self._source, weight)
