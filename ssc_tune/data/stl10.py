"""STL-10: colour photographs of 96x96 pixels, most of them without a label.

Source: Coates, Lee, Ng, "An analysis of single layer networks in unsupervised feature learning", AISTATS 2011. Mean and
standard deviation are those of the published configurations of arXiv 2409.07292.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from ssc_tune.data import published
from ssc_tune.data.dataset import Dataset
from ssc_tune.data.mapped import Arrays


def read() -> Dataset:
    """5,000 training images, then 100,000 with label -1, and 8,000 test images, of shape (3, 96, 96), 10 classes.

    The images without a label come from a similar but broader distribution; the labelled ones join them in the
    unlabelled pool, as FixMatch does. A mirrored photograph keeps its label. The ten published folds are not used:
    labelled images are drawn by the seed, as of every data set.

    Raises:
        InputError: the files are not there and cannot be downloaded.
    """
    return published.read(
        "stl10",
        num_classes=10,
        train=[partial(_part, "train"), partial(_part, "unlabeled")],
        test=partial(_part, "test"),
        files=["stl10_binary.tar.gz"],
        lock="stl10",
        horizontal_flip=True,
        mean=(112.4 / 255, 109.1 / 255, 98.6 / 255),
        std=(68.4 / 255, 66.6 / 255, 68.5 / 255),
    )


def _part(split: str, root: Path, download: bool) -> Arrays:
    loaded = published.loader("STL10")(root, split=split, download=download)
    return Arrays(loaded.data, np.asarray(loaded.labels, dtype=np.int64))
