"""Tiny data sets in the formats in which the real ones are published, with torchvision's checksums replaced."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
import scipy.io
from torchvision import datasets

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


class Parts(NamedTuple):
    """What was written: images (N, C, H, W) and labels."""

    train: Images
    train_labels: Labels
    test: Images
    test_labels: Labels


def random_parts(shape: tuple[int, int, int], num_classes: int, *, train: int, test: int) -> Parts:
    rng = np.random.default_rng(sum(shape) + num_classes)
    images = rng.integers(0, 256, (train + test, *shape), dtype=np.uint8)
    labels = np.arange(train + test) % num_classes
    return Parts(images[:train], labels[:train], images[train:], labels[train:])


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def idx(values: npt.NDArray[np.uint8]) -> bytes:
    """IDX: two zeros, 8 for uint8, the number of dimensions, each as a big-endian int32, the values."""
    header = bytes([0, 0, 8, values.ndim]) + b"".join(size.to_bytes(4, "big") for size in values.shape)
    return header + values.tobytes()


def write_idx(path: Path, values: npt.NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(idx(values), mtime=0))


def write_mnist(root: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> Parts:
    parts, raw = random_parts((1, 28, 28), 10, train=40, test=20), root / kind / "raw"
    for name, images, labels in (("train", *parts[:2]), ("t10k", *parts[2:])):
        write_idx(raw / f"{name}-images-idx3-ubyte.gz", images[:, 0])
        write_idx(raw / f"{name}-labels-idx1-ubyte.gz", labels.astype(np.uint8))
    resources = [(file.name, md5(file)) for file in sorted(raw.glob("*.gz"))]
    monkeypatch.setattr(getattr(datasets, kind), "resources", resources)
    return parts


def write_cifar(root: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """The archive of pickled batches, as it is downloaded."""
    coarse = kind == "CIFAR10"
    parts = random_parts((3, 32, 32), 10 if coarse else 100, train=200, test=100)
    cls, key = getattr(datasets, kind), "labels" if coarse else "fine_labels"
    folder = root / cls.base_folder
    folder.mkdir(parents=True)
    train = np.split(np.arange(200), len(cls.train_list))
    batches = [(parts.train[i].reshape(len(i), -1), parts.train_labels[i]) for i in train]
    batches.append((parts.test.reshape(100, -1), parts.test_labels))
    lists: list[list[str]] = []
    for (name, _), (images, labels) in zip(cls.train_list + cls.test_list, batches, strict=True):
        (folder / name).write_bytes(pickle.dumps({"data": images, key: labels.tolist()}, protocol=2))
        lists.append([name, md5(folder / name)])
    meta = folder / cls.meta["filename"]
    meta.write_bytes(pickle.dumps({cls.meta["key"]: [str(k) for k in range(100)]}, protocol=2))
    monkeypatch.setattr(cls, "train_list", lists[:-1])
    monkeypatch.setattr(cls, "test_list", lists[-1:])
    monkeypatch.setattr(cls, "meta", {**cls.meta, "md5": md5(meta)})
    pack(folder, root / cls.filename)
    monkeypatch.setattr(cls, "tgz_md5", md5(root / cls.filename))
    return parts


def pack(folder: Path, archive: Path) -> None:
    """A tar.gz of a folder, which goes."""
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder, folder.name)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def write_svhn(root: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Images, Labels]]:
    """MATLAB files with X (32, 32, 3, N) and y (N, 1), 10 standing for the digit 0."""
    root.mkdir(parents=True, exist_ok=True)
    written: dict[str, tuple[Images, Labels]] = {}
    splits: dict[str, Any] = {}
    for i, (split, (url, name, _)) in enumerate(datasets.SVHN.split_list.items()):
        images, labels, _, _ = random_parts((3, 32, 32), 10, train=40 + 10 * i, test=10)
        y = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
        scipy.io.savemat(root / name, {"X": images.transpose(2, 3, 1, 0), "y": y})
        written[split], splits[split] = (images, labels), [url, name, md5(root / name)]
    monkeypatch.setattr(datasets.SVHN, "split_list", splits)
    return written


def write_stl10(root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Parts, Images]:
    """Binaries with columns before rows, and labels from 1."""
    parts = random_parts((3, 96, 96), 10, train=40, test=20)
    unlabelled = np.random.default_rng(9).integers(0, 256, (30, 3, 96, 96), dtype=np.uint8)
    folder = root / datasets.STL10.base_folder
    folder.mkdir(parents=True)
    content = {"train_X": parts.train, "test_X": parts.test, "unlabeled_X": unlabelled}
    for name, images in content.items():
        images.transpose(0, 1, 3, 2).tofile(folder / f"{name}.bin")
    for name, labels in (("train_y", parts.train_labels), ("test_y", parts.test_labels)):
        (labels + 1).astype(np.uint8).tofile(folder / f"{name}.bin")
    for attribute in ("train_list", "test_list"):
        files = [[name, md5(folder / name)] for name, _ in getattr(datasets.STL10, attribute)]
        monkeypatch.setattr(datasets.STL10, attribute, files)
    pack(folder, root / datasets.STL10.filename)
    monkeypatch.setattr(datasets.STL10, "tgz_md5", md5(root / datasets.STL10.filename))
    return parts, unlabelled
