"""Folders of image files of one's own, resized once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from ssc_tune.data import mapped, own
from ssc_tune.data.dataset import Dataset
from ssc_tune.data.facts import Source
from ssc_tune.data.folder_survey import list_files, survey, test_size
from ssc_tune.data.registry import info
from ssc_tune.data.splits import for_test

Labelled = list[tuple[Path, int]]


def read(source: Source) -> Dataset:
    """``train/CLASS/`` and ``test/CLASS/``, or ``CLASS/`` alone with a fifth of each class as test part.

    Labels follow the names of the classes in sorted order. ``unlabelled/``, at any depth, joins the unlabelled pool.
    Where ``size`` is given, the middle square of each image is resized to it (bilinear, with antialiasing).

    Raises:
        SourceError: the folder is not there or does not hold this.
    """
    return own.read(source, survey, _convert)


def _convert(source: Source, folder: Path) -> None:
    assert source.path is not None
    files, shape = list_files(Path(source.path)), info(source).image_shape
    train, test = files.train, files.test
    if not test:
        train, test = _divided(train, test_size(files))
    train = [*train, *((file, -1) for file in files.unlabelled)]
    for part, images in (("train", train), ("test", test)):
        with mapped.images_file(folder, part, (len(images), *shape)) as add:
            for path, _ in images:
                add(_pixels(path, shape)[None])
        mapped.write_labels(folder, part, [label for _, label in images])


def _divided(images: Labelled, num_test: int) -> tuple[Labelled, Labelled]:
    """Training and test part."""
    test = set(for_test(np.array([label for _, label in images]), num_test).tolist())
    parts = [[one for i, one in enumerate(images) if (i in test) is wanted] for wanted in (False, True)]
    return parts[0], parts[1]


def _pixels(path: Path, shape: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """(C, H, W)."""
    channels, height, width = shape
    with Image.open(path) as image:
        plain = image.convert("L" if channels == 1 else "RGB")
    if plain.size != (width, height):
        plain = ImageOps.fit(plain, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(plain, dtype=np.uint8).reshape(height, width, channels).transpose(2, 0, 1)
