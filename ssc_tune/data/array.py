"""Arrays of one's own: a .npz file with images and labels of both parts, and images without a label."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ssc_tune.data import mapped, own
from ssc_tune.data.array_survey import survey
from ssc_tune.data.dataset import Dataset
from ssc_tune.data.facts import Source


def read(source: Source) -> Dataset:
    """``train_images``, ``train_labels``, ``test_images``, ``test_labels``, and ``unlabelled_images`` where given.

    Images are uint8 (N, H, W), (N, H, W, C) or (N, C, H, W) with C 1 or 3; labels whole numbers from 0.

    Raises:
        SourceError: the file is not there or does not hold this.
    """
    return own.read(source, survey, _convert)


def _convert(source: Source, folder: Path) -> None:
    assert source.path is not None
    with np.load(source.path, allow_pickle=False) as arrays:
        for part in ("train", "test"):
            labels = arrays[f"{part}_labels"].astype(np.int64)
            pieces = [mapped.Arrays(mapped.channels_first(arrays[f"{part}_images"]), labels)]
            if part == "train" and "unlabelled_images" in arrays.files:
                images = mapped.channels_first(arrays["unlabelled_images"])
                pieces.append(mapped.Arrays(images, np.full(len(images), -1)))
            mapped.write(folder, part, pieces)
