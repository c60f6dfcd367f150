"""What is known of each data set without reading it, so that study files are checked without torch."""

from __future__ import annotations

from typing import NamedTuple


class DatasetInfo(NamedTuple):
    """Sizes of a data set. C channels, height H, width W."""

    image_shape: tuple[int, int, int]  # (C, H, W)
    train_counts: tuple[int, ...]  # training images of each class
    test_size: int

    @property
    def num_classes(self) -> int:
        """Number of classes K."""
        return len(self.train_counts)

    @property
    def train_size(self) -> int:
        """Images of the training part N, validation included."""
        return sum(self.train_counts)

    @property
    def most_validation(self) -> int:
        """The largest validation set that leaves K images."""
        return self.train_size - self.num_classes

    def most_labels_per_class(self, validation: int) -> int:
        """The most labelled images a class can have beside a stratified validation set (largest remainders)."""
        shares = [divmod(count * validation, self.train_size) for count in self.train_counts]
        seats = [whole for whole, _ in shares]
        by_remainder = sorted(range(self.num_classes), key=lambda k: -shares[k][1])
        for k in by_remainder[: validation - sum(seats)]:
            seats[k] += 1
        return min(count - taken for count, taken in zip(self.train_counts, seats, strict=True))


DATASETS: dict[str, DatasetInfo] = {
    "digits": DatasetInfo((1, 8, 8), (128, 131, 128, 132, 131, 131, 131, 129, 126, 130), 500),
    "mnist5k": DatasetInfo((1, 28, 28), (400,) * 10, 1000),
}
"""Every data set by name; the same names as :data:`ssc_tune.data.names`."""
