"""One optimizer step, without any wait for the device."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ssc_tune.data import Dataset, augmentation
from ssc_tune.data.facts import UNLABELLED
from ssc_tune.methods import Method
from ssc_tune.methods.base import StepLoss, Views
from ssc_tune.models import update_running_statistics, waiting
from ssc_tune.training import pulse
from ssc_tune.training.batches import Batch
from ssc_tune.training.config import TrainingConfig
from ssc_tune.training.hardware import autocast, set_arithmetic
from ssc_tune.training.network import Network
from ssc_tune.training.optimization import Averaged, NesterovSGD, cosine, ema_decay, norm_momentum


class Sums(NamedTuple):
    """What is tracked of the steps since the last evaluation, summed on the device."""

    loss: Tensor
    largest_loss: Tensor
    terms: dict[str, Tensor]
    right: Tensor  # () int64: confident pseudo-labels that are right
    classes: Tensor  # (K,) int64: confident pseudo-labels of each class
    judged: Tensor  # () int64: confident pseudo-labels but those of images of which nothing is known


class Pace(NamedTuple):
    """How far one step moves: numbers, or float32 tensors of shape () on the device."""

    learning_rate: float | Tensor
    average: float | Tensor  # weight of the new weights in their average
    norm: float | Tensor  # weight of the batch in the running statistics


class Stepper:
    """Forward, loss, backward, update, for one cell.

    The forward pass covers labelled, weak and strong views together (``weak_view: joint``), so that batch normalization
    sees them all, as the reference does; ``separate`` runs the weak views alone and without gradients, which is
    cheaper and normalizes them by their own statistics. A method that learns from the weak views has them joint, one
    with a teacher has them apart.
    """

    def __init__(
        self,
        config: TrainingConfig,
        network: Network,
        method: Method[Any],
        optimizer: NesterovSGD,
        average: Averaged[Network],
        dataset: Dataset,
    ) -> None:
        self._config, self._network, self._method = config, network, method
        self._optimizer, self._average, self._dataset = optimizer, average, dataset
        self._layout = torch.channels_last if config.channels_last else torch.contiguous_format
        self.device = next(network.parameters()).device
        # Found once, so that an update does not walk through the whole net.
        self._norms = nn.ModuleList(waiting(network.trained))
        self._forward = self._forward_loss
        if config.compile and self.device.type == "cpu":  # elsewhere the whole step is captured
            self._forward = torch.compile(self._forward_loss, dynamic=False)

    def prepare(self, images: Tensor) -> Tensor:
        """uint8 images to the net's input."""
        dataset = self._dataset
        return augmentation.normalize(images, mean=dataset.mean, std=dataset.std, memory_format=self._layout)

    def _forward_loss(self, images: Tensor, labels: Tensor, indices: Tensor) -> StepLoss:
        method, network = self._method, self._network
        num_labelled, views = len(labels), method.num_strong_views
        num_unlabelled = (len(images) - num_labelled) // (1 + views)
        sizes = [num_labelled, num_unlabelled, views * num_unlabelled]
        inputs = self.prepare(images)
        with autocast(self._config.precision, images.device):
            if method.trains_on_weak or (self._config.weak_view == "joint" and not method.uses_teacher):
                outputs = network(inputs)
                labelled, weak, strong = torch.split(outputs, sizes)
                weak = weak if method.trains_on_weak else weak.detach()
            else:
                labelled_inputs, weak_inputs, strong_inputs = torch.split(inputs, sizes)
                weak = self._weak_alone(weak_inputs) if num_unlabelled else labelled_inputs.new_zeros(0)
                outputs = network(torch.cat([labelled_inputs, strong_inputs]).contiguous(memory_format=self._layout))
                labelled, strong = torch.split(outputs, [num_labelled, views * num_unlabelled])
        shaped = strong.reshape(views, num_unlabelled, *strong.shape[1:])
        return method.loss(network.head, Views(labelled, weak, shaped, indices), labels)

    @torch.no_grad()
    def _weak_alone(self, inputs: Tensor) -> Tensor:
        """Outputs of the weak views by their own batch statistics, of the net or of its moving average."""
        if not self._method.uses_teacher:
            outputs: Tensor = self._network(inputs)
            return outputs
        teacher = self._average.module
        teacher.train()  # the average's running statistics move at evaluations only
        outputs = teacher(inputs)
        teacher.eval()
        return outputs

    def loss(self, batch: Batch) -> StepLoss:
        """The loss of one step's images, with its graph; the gradients of the step before are dropped."""
        set_arithmetic(self._config.precision, self.device)
        self._optimizer.zero_grad()
        loss: StepLoss = self._forward(batch.images, batch.labels, batch.indices)
        return loss

    def backward(self, loss: StepLoss) -> None:
        """Gradients of the loss."""
        torch.autograd.backward(loss.total)

    def pace(self, step: int) -> Pace:
        """The numbers of step number ``step`` (from 0)."""
        hp = self._method.hyperparameters
        return Pace(
            hp.learning_rate * cosine(step, self._config.steps), 1 - ema_decay(step, hp.ema_decay), norm_momentum(step)
        )

    def update(self, step: int) -> None:
        """Moves weights, their average and the running statistics, at step number ``step`` (from 0)."""
        pace = self.pace(step)
        if self.device.type == "cuda":  # as a captured step has them, so that both round alike
            pace = Pace(*(torch.full((), value, device=self.device) for value in pace))  # type: ignore[arg-type]
        self.move(pace)

    def move(self, pace: Pace) -> None:
        """Moves weights, their average and the running statistics, so far."""
        self._optimizer.learning_rate = pace.learning_rate
        self._optimizer.step()
        self._average.move(pace.average)
        update_running_statistics(self._norms, pace.norm)

    def __call__(self, batch: Batch, step: int, sums: Sums | None) -> Sums:
        """Takes step number ``step`` (from 0) and returns ``sums`` with it added, new ones where there are none."""
        pulse.beat()
        loss = self.loss(batch)
        self.backward(loss)
        self.update(step)
        return self.add(sums, loss, batch)

    def run(self, batches: Iterable[Batch], start: int) -> Sums:
        """Takes a step with each of the batches, the first of them step number ``start``."""
        sums: Sums | None = None
        for number, batch in enumerate(batches, start=start):
            sums = self(batch, number, sums)
        assert sums is not None
        return sums

    @torch.no_grad()
    def add(self, sums: Sums | None, loss: StepLoss, batch: Batch) -> Sums:
        """``sums`` with a step's loss added, in place; new ones where there are none."""
        total = loss.total.detach()
        terms = {name: value.detach() for name, value in loss.terms.items()}
        confident = loss.confident
        classes = torch.zeros(self._method.num_classes, dtype=torch.int64, device=total.device)
        classes.index_add_(0, loss.pseudo_labels, confident.long())
        right = (confident & (loss.pseudo_labels == batch.hidden_labels)).sum()
        judged = (confident & (batch.hidden_labels != UNLABELLED)).sum()
        if sums is None:
            # Copies: what is added to must not be what belongs to the step.
            copies = {name: value.clone() for name, value in terms.items()}
            return Sums(total.clone(), total.clone(), copies, right, classes, judged)
        sums.loss.add_(total)
        torch.maximum(sums.largest_loss, total, out=sums.largest_loss)
        if terms:
            torch._foreach_add_([sums.terms[name] for name in terms], list(terms.values()))
        sums.right.add_(right)
        sums.classes.add_(classes)
        sums.judged.add_(judged)
        return sums

    @torch.no_grad()
    def outputs(self, module: nn.Module, images: Tensor) -> Tensor:
        """Outputs (N, ...) of a module in evaluation mode for uint8 images of the device or the host, in float32."""
        found = []
        for part in torch.split(images, 2048):
            pulse.beat()
            found.append(module(self.prepare(part.to(self.device))))
        return torch.cat(found)
