"""Division of the training part into labelled, unlabelled and validation images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ssc_tune.data.facts import FOREIGN, largest_remainders
from ssc_tune.errors import InputError

if TYPE_CHECKING:
    from ssc_tune.data.dataset import Dataset

Indices = npt.NDArray[np.int64]

_TEST_SEED = 2409_07292
_VALIDATION_SEED = 2001_07685
_TAIL_SEED = 1901_05555
_NOISE_SEED = 1706_02413

Noise = Literal["symmetric", "pair"]


class Split(NamedTuple):
    """Indices into the training part, int64."""

    labelled: Tensor  # one of each class that has one, then another of each, and so on; labels_per_class * K balanced
    unlabelled: Tensor  # (N - validation,) ascending; holds the labelled images, and those without a label, too
    validation: Tensor  # (validation,) ascending
    with_label: Tensor | None = None  # those of the unlabelled ones that have a label, ascending; none where all have


def split(
    dataset: Dataset,
    *,
    labels_per_class: int,
    validation: int,
    seed: int,
    imbalance: float = 1.0,
    unlabelled_imbalance: float = 1.0,
    unknown_share: float | None = None,
) -> Split:
    """Divides a data set's training part.

    - ``validation``: a stratified subset (largest remainders), the same for every ``seed`` and every number of labels,
      so that methods, points and seeds are all scored on the same images: differences between cells are then
      differences of training, not of the images asked about. It is never trained on, not even without labels.
    - ``labelled``: ``labels_per_class`` images of each class, drawn from the rest by ``seed``. For one seed the draws
      are nested: those for 1 label a class are the first of those for 4.
    - ``unlabelled``: all of the rest, the labelled images included, as FixMatch does.

    Images without a label are in the unlabelled pool alone, all of them. With an ``unknown_share`` some of the pool are
    left out, the same for every seed, so that this share of it is of unknown classes: of these, or of the others but
    the labelled ones.

    With an imbalance the counts have a long tail: class k keeps :func:`tail` of the first class's. The labelled images
    are those that are kept of the balanced draw. The unlabelled pool keeps of each class a share that is the same for
    every seed, and the labelled images.

    Raises:
        InputError: a count is less than 1, or there are too few images.
    """
    labels = dataset.train_labels.numpy()
    known = np.flatnonzero(labels >= 0)
    num_images, num_classes = len(known), dataset.num_classes
    _check(dataset, "validation", validation, num_images - num_classes, f"of the {num_images} training images of")
    held_out = known[stratified(labels[known], validation, seed=_VALIDATION_SEED)]
    rest = np.setdiff1d(np.arange(len(labels)), held_out)
    largest = int(np.bincount(labels[np.setdiff1d(known, held_out)], minlength=num_classes).min())
    beside = f" with {validation} validation images"
    _check(dataset, "labels_per_class", labels_per_class, largest, "for", beside)
    drawn = rest[np.argsort(_ranks(len(rest), seed=seed), kind="stable")]
    counts = tail(labels_per_class, imbalance, num_classes)
    by_class = [drawn[labels[drawn] == k] for k in range(num_classes)]
    labelled = np.array([by_class[k][i] for i in range(labels_per_class) for k in range(num_classes) if i < counts[k]])
    pool = rest if unlabelled_imbalance == 1 else _thinned(labels, rest, unlabelled_imbalance, num_classes, labelled)
    if unknown_share is not None:
        pool = _mixed(labels, pool, unknown_share, labelled)
    with_label = None if len(known) == len(labels) else torch.from_numpy(pool[labels[pool] >= 0])
    return Split(torch.from_numpy(labelled), torch.from_numpy(pool), torch.from_numpy(held_out), with_label)


def _check(dataset: Dataset, key: str, value: int, most: int, of: str, more: str = "") -> None:
    if not 1 <= value <= most:
        raise InputError(f"data.{key}: {value} {of} {dataset.name}{more}; allowed: 1 to {most}")


def tail(most: int, imbalance: float, num_classes: int) -> list[int]:
    r"""Counts of the classes where the first has ``most`` and the last ``most / imbalance``: a long tail.

    .. math:: n_k = \max(1, \mathrm{round}(n_0\, \gamma^{-k / (K - 1)}))

    Source: Cui et al., "Class-balanced loss based on effective number of samples", CVPR 2019.
    """
    return [max(1, round(most * imbalance ** (-k / max(num_classes - 1, 1)))) for k in range(num_classes)]


def _thinned(
    labels: npt.NDArray[np.int64], pool: Indices, imbalance: float, num_classes: int, kept: npt.NDArray[np.int64]
) -> Indices:
    """The pool with a long tail; images without a label and the ``kept`` ones stay in it."""
    order = pool[np.argsort(_ranks(len(pool), seed=_TAIL_SEED), kind="stable")]
    counts = tail(int((labels[pool] == 0).sum()), imbalance, num_classes)
    chosen = [order[labels[order] == k][:count] for k, count in enumerate(counts)]
    return np.unique(np.concatenate([*chosen, order[labels[order] < 0], kept]))


def _mixed(labels: npt.NDArray[np.int64], pool: Indices, share: float, kept: npt.NDArray[np.int64]) -> Indices:
    """As much of the pool as has this share of foreign images, the ``kept`` ones among them."""
    order = pool[np.argsort(_ranks(len(pool), seed=_TAIL_SEED), kind="stable")]
    foreign, others = order[labels[order] == FOREIGN], order[labels[order] != FOREIGN]
    others = np.concatenate([others[np.isin(others, kept)], others[~np.isin(others, kept)]])
    most = round(share / (1 - share) * len(others))
    if most <= len(foreign):
        return np.unique(np.concatenate([foreign[:most], others]))
    fewer = max(len(kept), round((1 - share) / share * len(foreign)))
    return np.unique(np.concatenate([foreign, others[:fewer]]))


def num_labelled(dataset: Dataset) -> int:
    """Training images that have a label."""
    return int((dataset.train_labels >= 0).sum())


def noisy_labels(dataset: Dataset, split: Split, *, rate: float, kind: Noise, seed: int) -> Tensor:
    """The training labels (N,) as they are given to a method: a share ``rate`` of the labelled images has a wrong one.

    - ``symmetric``: another class, each alike.
    - ``pair``: the next class, 0 after the last.

    As many images are wrong as ``rate`` of the labelled ones, rounded; at one seed those at a lower rate are among
    those at a higher. True labels, by which pseudo-labels and accuracies are measured, stay as they are.
    """
    given = dataset.train_labels.clone()
    count, num_classes = len(split.labelled), dataset.num_classes
    draws = np.random.PCG64(np.random.SeedSequence([seed, _NOISE_SEED])).random_raw(2 * count)
    wrong = split.labelled[torch.from_numpy(np.argsort(draws[:count], kind="stable")[: round(rate * count)])]
    steps = np.ones(count, dtype=np.int64)
    if kind == "symmetric":
        steps += (draws[count:] % np.uint64(max(num_classes - 1, 1))).astype(np.int64)
    given[wrong] = (given[wrong] + torch.from_numpy(steps[: len(wrong)])) % num_classes
    return given


def for_test(labels: npt.NDArray[np.int64], size: int) -> Indices:
    """Of images that were published in one part, ``size`` that are kept for test; ascending.

    The rule, the same on every machine and for every version of numpy: rank the images by the raw 64-bit outputs of
    PCG64 seeded with 240907292; of each class the first ones go to the test part, as many as the class's share of
    ``size`` (largest remainders).
    """
    return stratified(labels, size, seed=_TEST_SEED)


def stratified(labels: npt.NDArray[np.int64], size: int, *, seed: int) -> Indices:
    """``size`` ascending indices, of each class its share of ``size`` rounded by largest remainders."""
    order = np.argsort(_ranks(len(labels), seed=seed), kind="stable")
    counts = largest_remainders(np.bincount(labels).tolist(), size)
    chosen = [order[labels[order] == k][:count] for k, count in enumerate(counts)]
    return np.sort(np.concatenate(chosen))


def _ranks(size: int, *, seed: int) -> npt.NDArray[np.uint64]:
    """Random ranks. Raw output of a bit generator, which numpy keeps the same for ever, unlike its permutations."""
    return np.random.PCG64(seed).random_raw(size)
