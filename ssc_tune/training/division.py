"""The division of a data set that a cell's configuration asks for."""

from __future__ import annotations

from ssc_tune import data
from ssc_tune.training.config import DataConfig


def divided(asked: DataConfig, dataset: data.Dataset, *, seed: int) -> data.Split:
    """Labelled, unlabelled and validation images; see :func:`ssc_tune.data.split`."""
    return data.split(
        dataset,
        labels_per_class=asked.labels_per_class,
        validation=asked.held_out(data.num_labelled(dataset)),
        seed=seed,
        imbalance=asked.imbalance,
        unlabelled_imbalance=asked.unlabelled_imbalance,
        unknown_share=asked.unknown_share,
    )
