"""Division of the training part into labelled, unlabelled and validation images."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ssc_tune.errors import InputError

if TYPE_CHECKING:
    from ssc_tune.data.dataset import Dataset

Indices = npt.NDArray[np.int64]

_VALIDATION_SEED = 2001_07685


class Split(NamedTuple):
    """Indices into the training part, int64."""

    labelled: Tensor  # (labels_per_class * K,) one of each class, then another of each class, and so on
    unlabelled: Tensor  # (N - validation,) ascending; holds the labelled images, and those without a label, too
    validation: Tensor  # (validation,) ascending


def split(dataset: Dataset, *, labels_per_class: int, validation: int, seed: int) -> Split:
    """Divides a data set's training part.

    - ``validation``: a stratified subset (largest remainders), the same for every ``seed`` and every number of labels,
      so that methods, points and seeds are all scored on the same images: differences between cells are then
      differences of training, not of the images asked about. It is never trained on, not even without labels.
    - ``labelled``: ``labels_per_class`` images of each class, drawn from the rest by ``seed``. For one seed the draws
      are nested: those for 1 label a class are the first of those for 4.
    - ``unlabelled``: all of the rest, the labelled images included, as FixMatch does.

    Images without a label (-1) are in the unlabelled pool alone.

    Raises:
        InputError: a count is less than 1, or there are too few images.
    """
    labels = dataset.train_labels.numpy()
    known = np.flatnonzero(labels >= 0)
    num_images, num_classes = len(known), dataset.num_classes
    if not 1 <= validation <= num_images - num_classes:
        raise InputError(
            f"data.validation: {validation} of the {num_images} training images of {dataset.name}; "
            f"allowed: 1 to {num_images - num_classes}"
        )
    held_out = known[stratified(labels[known], validation, seed=_VALIDATION_SEED)]
    rest = np.setdiff1d(np.arange(len(labels)), held_out)
    largest = int(np.bincount(labels[np.setdiff1d(known, held_out)], minlength=num_classes).min())
    if not 1 <= labels_per_class <= largest:
        raise InputError(
            f"data.labels_per_class: {labels_per_class} for {dataset.name} with {validation} validation images; "
            f"allowed: 1 to {largest}"
        )
    drawn = rest[np.argsort(_ranks(len(rest), seed=seed), kind="stable")]
    by_class = [drawn[labels[drawn] == k][:labels_per_class] for k in range(num_classes)]
    labelled = np.stack(by_class, axis=1).reshape(-1)
    return Split(*(torch.from_numpy(indices) for indices in (labelled, rest, held_out)))


def stratified(labels: npt.NDArray[np.int64], size: int, *, seed: int) -> Indices:
    """``size`` ascending indices, of each class its share of ``size`` rounded by largest remainders."""
    order = np.argsort(_ranks(len(labels), seed=seed), kind="stable")
    counts = _largest_remainders(np.bincount(labels), size)
    chosen = [order[labels[order] == k][:count] for k, count in enumerate(counts)]
    return np.sort(np.concatenate(chosen))


def _ranks(size: int, *, seed: int) -> npt.NDArray[np.uint64]:
    """Random ranks. Raw output of a bit generator, which numpy keeps the same for ever, unlike its permutations."""
    return np.random.PCG64(seed).random_raw(size)


def _largest_remainders(counts: npt.NDArray[np.int64], size: int) -> Indices:
    """``size`` seats in proportion to ``counts``: whole shares first, then one each to the largest fractions."""
    seats, remainders = np.divmod(counts * size, counts.sum())
    extra = np.argsort(-remainders, kind="stable")[: size - seats.sum()]
    seats[extra] += 1
    return np.asarray(seats, dtype=np.int64)
