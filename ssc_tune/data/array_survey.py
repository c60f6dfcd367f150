"""Arrays of one's own in a .npz file, looked at without torch and without reading the images."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ssc_tune.data import surveys
from ssc_tune.data.facts import DatasetInfo, Source, SourceError, Survey

NEEDED = ("train_images", "train_labels", "test_images", "test_labels")
OPTIONAL = ("unlabelled_images",)
_LAYOUTS = "(N, H, W), (N, H, W, C) or (N, C, H, W) with C 1 or 3"


class Header(NamedTuple):
    """Shape and type of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def survey(source: Source) -> Survey:
    """Sizes and fingerprint of the file at ``source.path``.

    Raises:
        SourceError: there is no such file, or it does not hold what it has to.
    """
    file = surveys.existing(source.path, "array")
    if not file.is_file():
        raise SourceError("path", f"{file} is no file; array takes a .npz file, folder a folder")
    return surveys.surveyed(["array", surveys.signature([file])], None, lambda: _look(file))


def channels_axis(shape: tuple[int, ...]) -> int | None:
    """Where the channels of images (N, ...) are: 1, 3, or none where there is no such axis."""
    return None if len(shape) == 3 else 1 if shape[1] in (1, 3) else 3


def _look(file: Path) -> Survey:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            headers = _headers(file, arrays.files)
            labels = {part: arrays[f"{part}_labels"] for part in ("train", "test")}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError("path", f"{file} cannot be read as .npz ({error})") from error
    shape = _image_shape(file, "train_images", headers["train_images"])
    for name in ("test_images", *(name for name in OPTIONAL if name in headers)):
        other = _image_shape(file, name, headers[name])
        if other != shape:
            raise SourceError("path", f"{file}: {name} are of shape {other}, train_images of {shape}")
    counts = _counts(file, "train_labels", labels["train"], headers["train_images"])
    test_counts = _counts(file, "test_labels", labels["test"], headers["test_images"], len(counts))
    unlabelled = headers["unlabelled_images"].shape[0] if "unlabelled_images" in headers else 0
    info = DatasetInfo("ssc_tune.data.array:read", shape, tuple(counts), sum(test_counts), unlabelled)
    return Survey(surveys.digest([b"array", surveys.of_file(file)]), info)


def _headers(file: Path, names: list[str]) -> dict[str, Header]:
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise SourceError("path", f"{file} has no {' and no '.join(missing)}; needed: {', '.join(NEEDED)}")
    unknown = [name for name in names if name not in (*NEEDED, *OPTIONAL)]
    if unknown:
        raise SourceError("path", f"{file}: unknown array {unknown[0]!r}; allowed: {', '.join((*NEEDED, *OPTIONAL))}")
    with zipfile.ZipFile(file) as members:
        return {name: _header(members, name) for name in names}


def _header(members: zipfile.ZipFile, name: str) -> Header:
    with members.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(member)
    return Header(shape, dtype)


def _image_shape(file: Path, name: str, header: Header) -> tuple[int, int, int]:
    if header.dtype != np.uint8:
        raise SourceError("path", f"{file}: {name} is {header.dtype}; allowed: uint8")
    shape = header.shape
    fits = len(shape) == 3 or (len(shape) == 4 and (shape[1] in (1, 3)) != (shape[3] in (1, 3)))
    if not fits or 0 in shape:
        raise SourceError("path", f"{file}: {name} has the shape {shape}; allowed: {_LAYOUTS}")
    axis = channels_axis(shape)
    if axis is None:
        return 1, shape[1], shape[2]
    sides = [side for i, side in enumerate(shape) if i not in (0, axis)]
    return shape[axis], sides[0], sides[1]


def _counts(file: Path, name: str, labels: npt.NDArray[Any], images: Header, num_classes: int = 0) -> list[int]:
    """Images of each class."""
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or len(labels) != images.shape[0]:
        raise SourceError("path", f"{file}: {name} must be {images.shape[0]} whole numbers, one an image")
    if labels.min() < 0:
        raise SourceError("path", f"{file}: {name} has the label {labels.min()}; images without one: {OPTIONAL[0]}")
    counts: list[int] = np.bincount(labels.astype(np.int64), minlength=num_classes).tolist()
    if num_classes and len(counts) > num_classes:
        raise SourceError("path", f"{file}: {name} has the label {len(counts) - 1}; allowed: 0 to {num_classes - 1}")
    if not num_classes and (len(counts) < 2 or 0 in counts):
        raise SourceError("path", f"{file}: {name} must have every label from 0 to {max(len(counts) - 1, 1)}")
    return counts
