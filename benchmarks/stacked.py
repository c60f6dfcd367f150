"""Several seeds of one point trained at once: their weights stacked, one step for all of them.

An experiment beside the package, kept to be measured against separate processes (``benchmarks/packing.py``). The sum of
the seeds' losses has for gradient each seed's own, and SGD and the averages go element by element, so that a stacked
run equals separate ones up to rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from ssc_tune.data import augmentation
from ssc_tune.methods import Method
from ssc_tune.methods.base import Views
from ssc_tune.models.convolution import Conv2d
from ssc_tune.models.norm import BatchNorm2d
from ssc_tune.training.batches import Batches
from ssc_tune.training.config import TrainingConfig
from ssc_tune.training.hardware import autocast
from ssc_tune.training.network import Network
from ssc_tune.training.optimization import cosine, ema_decay, norm_momentum


class _Loss(nn.Module):
    """uint8 images and labels of one seed to the loss; the same computation as a step of training makes."""

    def __init__(self, network: Network, method: Method, config: TrainingConfig, mean: object, std: object) -> None:
        super().__init__()
        self.network = network
        self._method, self._config, self._mean, self._std = method, config, mean, std

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        views = self._method.num_strong_views
        unlabelled = (len(images) - len(labels)) // (1 + views)
        inputs = augmentation.normalize(images, mean=self._mean, std=self._std)  # type: ignore[arg-type]
        with autocast(self._config.precision, images.device):
            outputs = self.network(inputs)
        labelled, weak, strong = torch.split(outputs, [len(labels), unlabelled, views * unlabelled])
        shaped = strong.reshape(views, unlabelled, *strong.shape[1:])
        return self._method.loss(self.network.head, Views(labelled, weak.detach(), shaped), labels).total


class Stacked:
    """Steps of ``len(networks)`` cells that differ in their seed alone.

    Args:
        networks: one a seed, in training mode; the first is used as the form of all.
        method: of all.
        config: of all.
        batches: one a seed.
        mean: of the data set.
        std: of the data set.
    """

    def __init__(
        self,
        networks: list[Network],
        method: Method,
        config: TrainingConfig,
        batches: list[Batches],
        *,
        mean: tuple[float, ...],
        std: tuple[float, ...],
    ) -> None:
        form = _Loss(networks[0], method, config, mean, std)
        for module in form.modules():
            if isinstance(module, Conv2d):
                module.small_planes = False
        self._batches, self._method, self._steps = batches, method, config.steps
        modules = [_Loss(network, method, config, mean, std) for network in networks]
        parameters, buffers = stack_module_state(modules)  # type: ignore[arg-type]
        self.parameters = {name: value.detach().requires_grad_() for name, value in parameters.items()}
        self.buffers = dict(buffers)
        self.average = {name: value.detach().clone() for name, value in self.parameters.items()}
        self._norms = [name for name, module in form.named_modules() if isinstance(module, BatchNorm2d)]
        self._losses = vmap(lambda p, b, images, labels: functional_call(form, (p, b), (images, labels)))
        hp = method.hyperparameters
        decayed = [p for p in self.parameters.values() if p.ndim > 2]  # one dimension is the seeds'
        spared = [p for p in self.parameters.values() if p.ndim <= 2]
        groups = [{"params": decayed, "weight_decay": hp.weight_decay}, {"params": spared, "weight_decay": 0.0}]
        self._optimizer = torch.optim.SGD(
            groups, lr=hp.learning_rate, momentum=hp.momentum, nesterov=hp.momentum > 0, fused=True
        )
        self.done = 0

    def steps(self, count: int) -> None:
        """Trains ``count`` steps of every seed."""
        draws = [batches.between(self.done, self.done + count) for batches in self._batches]
        for step, drawn in enumerate(zip(*draws, strict=True), start=self.done):
            images = torch.stack([batch.images for batch in drawn])
            labels = torch.stack([batch.labels for batch in drawn])
            self._optimizer.zero_grad(set_to_none=True)
            losses = self._losses(self.parameters, self.buffers, images, labels)
            losses.sum().backward()
            self._update(step)
        self.done += count

    def _update(self, step: int) -> None:
        hp = self._method.hyperparameters
        for group in self._optimizer.param_groups:
            group["lr"] = hp.learning_rate * cosine(step, self._steps)
        self._optimizer.step()
        with torch.no_grad():
            weights = list(self.parameters.values())
            torch._foreach_lerp_(list(self.average.values()), weights, 1 - ema_decay(step, hp.ema_decay))
            running = [self.buffers[f"{name}.running_{kind}"] for name in self._norms for kind in ("mean", "var")]
            batch = [self.buffers[f"{name}.batch_{kind}"] for name in self._norms for kind in ("mean", "var")]
            torch._foreach_lerp_(running, batch, norm_momentum(step))
