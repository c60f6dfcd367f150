"""The images of each step: indices, augmented views, labels.

Augmentation is batched over several steps at a time where images are small, since the cost of a tensor operation on
a few small images is nearly all overhead. A group of steps never crosses an evaluation, so that a checkpoint needs
the generator states alone; its size depends on the configuration only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ssc_tune.data import Dataset, Split, augmentation
from ssc_tune.methods import Method
from ssc_tune.training.hardware import to_device
from ssc_tune.training.images import Images
from ssc_tune.training.randomness import Order, generator

_GROUP_BYTES = 1_500_000
"""Augmented uint8 images held at a time: large enough to spread overhead, small enough for a core's cache."""
_ORDER_INDICES = 1 << 16
"""Indices that go to the device at a time: many steps' worth, so that a copy is rare, and half a megabyte."""


class Group(NamedTuple):
    """Steps whose images are augmented together, and the images they take."""

    first: int
    steps: int
    labelled: Tensor  # (steps * B,) int64
    unlabelled: Tensor  # (steps * U,) int64


class Batch(NamedTuple):
    """One step's images, or those of several steps, which are then the first dimension of each tensor."""

    images: Tensor  # (B + (1 + V) U, C, H, W) uint8: labelled, weak, strong views one after another
    labels: Tensor  # (B,) int64
    hidden_labels: Tensor  # (U,) int64, true labels as the data set has them; for tracking alone
    indices: Tensor  # (U,) int64, the unlabelled images' places in the training part


class Batches:
    """Draws the batches of a cell."""

    def __init__(
        self,
        dataset: Dataset,
        split: Split,
        method: Method[Any],
        *,
        seed: int,
        device: torch.device,
        given: Tensor | None = None,
    ) -> None:
        """``given`` are the labels (N,) that the labelled images are trained with; the true ones where absent."""
        self.images = Images(dataset.train_images, device)
        self.labels = dataset.train_labels.to(device)
        self.given = self.labels if given is None else given.to(device)
        self._flip = dataset.horizontal_flip
        self._rotation, self._scale = dataset.weak_rotation, dataset.weak_scale
        self._hp = method.hyperparameters
        self.num_labelled = method.hyperparameters.batch_size
        self.num_unlabelled = method.num_unlabelled
        self.num_strong_views = method.num_strong_views
        known = split.unlabelled if split.with_label is None else split.with_label
        labelled = known if method.uses_all_labels else split.labelled
        self._labelled = Order(labelled, seed=seed, stream="labelled order")
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
        for group in self.groups(start, stop):
            views = self.views(group.labelled, group.unlabelled, group.steps)
            for parts in zip(*views, strict=True):
                yield Batch(*parts)

    @property
    def group_steps(self) -> int:
        """Steps of a full group."""
        # Counted for two strong views whatever the method: the draws of a group are one block, so that methods share
        # their weak views only if they group alike.
        step_bytes = (self.num_labelled + 3 * self._hp.mu * self.num_labelled) * math.prod(self.images.shape)
        return max(1, _GROUP_BYTES // step_bytes)

    def groups(self, start: int, stop: int) -> Iterator[Group]:
        """The groups of steps start .. stop - 1, with their indices on the device."""
        size, a_step = self.group_steps, (self.num_labelled, self.num_unlabelled)
        sent = max(1, _ORDER_INDICES // (size * sum(a_step))) * size
        for begin in range(start, stop, sent):
            end = min(begin + sent, stop)
            labelled, unlabelled = (
                to_device(order.take(begin * each, (end - begin) * each), self.images.device)
                for order, each in zip((self._labelled, self._unlabelled), a_step, strict=True)
            )
            for first in range(begin, end, size):
                steps = min(size, end - first)
                parts = (
                    indices[(first - begin) * each : (first - begin + steps) * each]
                    for indices, each in zip((labelled, unlabelled), a_step, strict=True)
                )
                yield Group(first, steps, *parts)

    def views(self, labelled: Tensor, unlabelled: Tensor, steps: int) -> Batch:
        """Draws the views of ``steps`` steps' images and stacks them by step."""
        size, hp, views = self.images.shape, self._hp, self.num_strong_views
        images = self.images.take(torch.cat([labelled, unlabelled]))
        weak = augmentation.weak(
            images,
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
                images[len(labelled) :].repeat(views, 1, 1, 1),
                generator=self._strong,
                num_ops=hp.randaugment_n,
                magnitude=hp.randaugment_m,
                cutout=hp.cutout,
                law=hp.strong_view,
                horizontal_flip=self._flip,
            )
            by_view = strong.reshape(views, steps, self.num_unlabelled, *size)
            parts += list(by_view)
        return Batch(
            torch.cat(parts, dim=1),
            self.given[labelled].reshape(steps, -1),
            self.labels[unlabelled].reshape(steps, self.num_unlabelled),
            unlabelled.reshape(steps, self.num_unlabelled),
        )

    @property
    def generators(self) -> tuple[torch.Generator, torch.Generator]:
        """Those that :meth:`views` draws from."""
        return self._weak, self._strong
