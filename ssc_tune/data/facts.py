"""What is known of data without torch: where they are, how many there are, and what may be wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ssc_tune.errors import InputError

UNLABELLED, FOREIGN = -1, -2
"""Labels of images of which nothing is known, and of images whose class is none of those asked about."""

LAWS = ("ours", "fixmatch", "paper")
"""How strong views are drawn: as :mod:`ssc_tune.data.randaugment` says, as FixMatch's code does, as that of arXiv
2409.07292."""


class DatasetInfo(NamedTuple):
    """Where a data set is read from, and its sizes. C channels, height H, width W."""

    reader: str  # "module:function", of a function of a Source that returns a Dataset
    image_shape: tuple[int, int, int]  # (C, H, W)
    train_counts: tuple[int, ...]  # labelled training images of each class
    test_size: int
    unlabelled: int = 0  # further training images, without a label
    hyperparameters: tuple[tuple[str, int | str], ...] = ()  # where a study on it gives none: views as published for it
    sources: tuple[str, ...] = ()  # where it was published, as keys of ssc_tune.sources

    @property
    def num_classes(self) -> int:
        """Number of classes K."""
        return len(self.train_counts)

    @property
    def train_size(self) -> int:
        """Images of the training part that have a label N, validation included."""
        return sum(self.train_counts)

    @property
    def most_validation(self) -> int:
        """The largest validation set that leaves K images."""
        return self.train_size - self.num_classes

    def without_last(self, unknown_classes: int) -> DatasetInfo:
        """The same with the labels of so many of the last classes unknown; the test part shrinks in proportion."""
        if not unknown_classes:
            return self
        kept, lost = self.train_counts[:-unknown_classes], self.train_counts[-unknown_classes:]
        left = round(self.test_size * len(kept) / self.num_classes)
        return self._replace(train_counts=kept, test_size=left, unlabelled=self.unlabelled + sum(lost))

    def most_labels_per_class(self, validation: int) -> int:
        """The most labelled images a class can have beside a stratified validation set (largest remainders)."""
        taken = largest_remainders(self.train_counts, validation)
        return min(count - held for count, held in zip(self.train_counts, taken, strict=True))


def largest_remainders(counts: Sequence[int], size: int) -> list[int]:
    """``size`` seats in proportion to ``counts``: whole shares first, then one each to the largest fractions."""
    shares = [divmod(count * size, sum(counts)) for count in counts]
    seats = [whole for whole, _ in shares]
    by_remainder = sorted(range(len(counts)), key=lambda k: -shares[k][1])
    for k in by_remainder[: size - sum(seats)]:
        seats[k] += 1
    return seats


class Source(NamedTuple):
    """Which data: a registered name, or data of one's own."""

    name: str  # of DATASETS, of OWN, or "module:function"
    path: str | None = None  # of the data, absolute
    size: int | None = None  # side that images are resized to
    mirror: bool = False  # whether a mirrored image keeps its label
    fingerprint: str | None = None  # of the content; none before it was looked at
    unknown_classes: int = 0  # of the last ones: their images have no label and are in the unlabelled part alone


class Survey(NamedTuple):
    """What is known of one's own data without reading the images into memory."""

    fingerprint: str  # 16 hexadecimal digits of a SHA-256 of the content
    info: DatasetInfo


class SourceError(InputError):
    """Something is wrong with a key of ``data`` in a study; the text says what is allowed."""

    def __init__(self, key: str, text: str) -> None:
        self.key, self.text = key, text
        super().__init__(f"data.{key}: {text}")
