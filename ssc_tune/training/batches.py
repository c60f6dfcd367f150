"""The images of each step: indices, augmented views, labels.

Augmentation is batched over several steps at a time where images are small, since the cost of a tensor operation on
a few small images is nearly all overhead. A group of steps never crosses an evaluation, so that a checkpoint needs
the generator states alone; its size depends on the configuration only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ssc_tune.data import Dataset, Split, augmentation
from ssc_tune.methods import Method
from ssc_tune.training.randomness import Order, generator

_GROUP_BYTES = 1_500_000
"""Augmented uint8 images held at a time: large enough to spread overhead, small enough for a core's cache."""


class Batch(NamedTuple):
    """One step's images, uint8."""

    images: Tensor  # (B + (1 + V) U, C, H, W): labelled, weak, strong views one after another
    labels: Tensor  # (B,) int64
    hidden_labels: Tensor  # (U,) int64, true labels of the unlabelled images, used for tracking alone


class Batches:
    """Draws the batches of a cell."""

    def __init__(
        self,
        dataset: Dataset,
        split: Split,
        method: Method,
        *,
        seed: int,
        device: torch.device,
    ) -> None:
        self.images = dataset.train_images.to(device)
        self.labels = dataset.train_labels.to(device)
        self._flip = dataset.horizontal_flip
        self._rotation, self._scale = dataset.weak_rotation, dataset.weak_scale
        self._hp = method.hyperparameters
        self.num_labelled = method.hyperparameters.batch_size
        self.num_unlabelled = method.num_unlabelled
        self.num_strong_views = method.num_strong_views
        self._labelled = Order(split.labelled, seed=seed, stream="labelled order")
        self._unlabelled = Order(split.unlabelled, seed=seed, stream="unlabelled order")
        self._weak = generator(seed, "weak views", device=device)
        self._strong = generator(seed, "strong views", device=device)

    def state(self) -> dict[str, Tensor]:
        """Generator states, for a checkpoint."""
        return {"weak": self._weak.get_state(), "strong": self._strong.get_state()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Continues from a checkpoint."""
        self._weak.set_state(state["weak"])
        self._strong.set_state(state["strong"])

    def between(self, start: int, stop: int) -> Iterator[Batch]:
        """The batches of steps start .. stop - 1."""
        # Counted for two strong views whatever the method: the draws of a group are one block, so that methods share
        # their weak views only if they group alike.
        step_bytes = (self.num_labelled + 3 * self._hp.mu * self.num_labelled) * self.images[0].numel()
        group = max(1, _GROUP_BYTES // step_bytes)
        for first in range(start, stop, group):
            yield from self._group(first, min(group, stop - first))

    def _group(self, first: int, steps: int) -> Iterator[Batch]:
        device, size = self.images.device, self.images.shape[1:]
        labelled = self._labelled.take(first * self.num_labelled, steps * self.num_labelled).to(device)
        unlabelled = self._unlabelled.take(first * self.num_unlabelled, steps * self.num_unlabelled).to(device)
        hp, views = self._hp, self.num_strong_views
        weak = augmentation.weak(
            self.images[torch.cat([labelled, unlabelled])],
            generator=self._weak,
            horizontal_flip=self._flip,
            max_rotation=self._rotation,
            max_scale=self._scale,
        )
        parts = [
            weak[: len(labelled)].reshape(steps, self.num_labelled, *size),
            weak[len(labelled) :].reshape(steps, self.num_unlabelled, *size),
        ]
        if views and self.num_unlabelled:
            strong = augmentation.strong(
                self.images[unlabelled.repeat(views)],
                generator=self._strong,
                num_ops=hp.randaugment_n,
                magnitude=hp.randaugment_m,
                cutout=hp.cutout,
                horizontal_flip=self._flip,
            )
            by_view = strong.reshape(views, steps, self.num_unlabelled, *size)
            parts += list(by_view)
        images = torch.cat(parts, dim=1)
        labels = self.labels[labelled].reshape(steps, -1)
        hidden = self.labels[unlabelled].reshape(steps, -1)
        for step in range(steps):
            yield Batch(images[step], labels[step], hidden[step])
