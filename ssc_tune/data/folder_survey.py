"""Folders of image files of one's own, looked at without torch: a directory a class."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from ssc_tune.data import surveys
from ssc_tune.data.facts import DatasetInfo, Source, SourceError, Survey, largest_remainders

ENDINGS = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
GREY = frozenset({"1", "L", "LA"})
"""Modes of images without colour. Where all images have one of them there is one channel, else there are three."""
TEST_SHARE = 0.2
"""Share of a single tree that is its test part, of each class alike."""


class Files(NamedTuple):
    """Image files, each list sorted by name."""

    classes: tuple[str, ...]
    train: list[tuple[Path, int]]  # file and label
    test: list[tuple[Path, int]]  # empty for a single tree, whose test part is a share of ``train``
    unlabelled: list[Path]


def survey(source: Source) -> Survey:
    """Sizes and fingerprint of the tree at ``source.path``.

    Raises:
        SourceError: there is no such folder, or it does not hold what it has to.
    """
    place = surveys.existing(source.path, "folder")
    if not place.is_dir():
        raise SourceError("path", f"{place} is no folder; folder takes a folder, array a .npz file")
    files = list_files(place)
    everything = all_files(files)
    seen = surveys.signature(everything)
    return surveys.surveyed(["folder", str(place), seen], source.size, lambda: _look(place, files, source.size))


def all_files(files: Files) -> list[Path]:
    """Training, test and unlabelled images, one list after another."""
    return [*(file for file, _ in (*files.train, *files.test)), *files.unlabelled]


def list_files(place: Path) -> Files:
    """The image files of a tree."""
    halves = [(place / part).is_dir() for part in ("train", "test")]
    if any(halves) and not all(halves):
        raise SourceError("path", f"{place} has one of train/ and test/; needed: both, or classes alone")
    trees = [place / "train", place / "test"] if all(halves) else [place]
    classes = _folders(trees[0])
    if len(classes) < 2:
        raise SourceError("path", f"{trees[0]} has {len(classes)} folders with a class each; needed: at least 2")
    foreign = sorted(set(_folders(trees[-1])) - set(classes))
    if foreign:
        raise SourceError("path", f"{trees[-1]} has the class {foreign[0]!r}, which is not in train/")
    parts = [[(file, k) for k, name in enumerate(classes) for file in _images(tree / name)] for tree in trees]
    for k, name in enumerate(classes):
        if not any(label == k for _, label in parts[0]):
            endings = ", ".join(ENDINGS)
            raise SourceError("path", f"{trees[0] / name} has no image; files that are images end in {endings}")
    if len(parts) == 2 and not parts[1]:
        raise SourceError("path", f"{trees[1]} has no image")
    return Files(tuple(classes), parts[0], parts[1] if len(parts) == 2 else [], _images(place / "unlabelled"))


def test_size(files: Files) -> int:
    """Images of the test part."""
    return len(files.test) or round(len(files.train) * TEST_SHARE)


def _folders(tree: Path) -> list[str]:
    names = (entry.name for entry in os.scandir(tree) if entry.is_dir() and not entry.name.startswith("."))
    return sorted(name for name in names if name != "unlabelled")


def _images(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in ENDINGS)


def _look(place: Path, files: Files, size: int | None) -> Survey:
    shapes: dict[tuple[int, int], Path] = {}
    grey, content = True, [b"folder", *(name.encode() for name in files.classes)]
    for file in all_files(files):
        (width, height), mode = _header(file)
        shapes.setdefault((height, width), file)
        grey &= mode in GREY
        content += [file.relative_to(place).as_posix().encode(), surveys.of_file(file)]
    if size is None and len(shapes) > 1:
        (first, a), (second, b), *_ = shapes.items()
        text = f"images differ in size, {a.name} is {first[0]}x{first[1]} and {b.name} {second[0]}x{second[1]}"
        raise SourceError("size", f"{text}; needed: the side that all are resized to")
    height, width = (size, size) if size else next(iter(shapes))
    labels = [label for _, label in files.train]
    counts = [labels.count(k) for k in range(len(files.classes))]
    if not files.test:
        counts = [n - taken for n, taken in zip(counts, largest_remainders(counts, test_size(files)), strict=True)]
    shape = (1 if grey else 3, height, width)
    info = DatasetInfo("ssc_tune.data.folder:read", shape, tuple(counts), test_size(files), len(files.unlabelled))
    return Survey(surveys.digest(content), info)


def _header(file: Path) -> tuple[tuple[int, int], str]:
    try:
        with Image.open(file) as image:
            size, mode = image.size, image.mode
    except (OSError, UnidentifiedImageError) as error:
        raise SourceError("path", f"{file} cannot be read as an image") from error
    if mode.startswith(("I", "F")):
        raise SourceError("path", f"{file} has more than 8 bits a channel ({mode}); allowed: 8")
    return size, mode
