"""Published data sets through torchvision's own loaders, from tiny files in the real formats."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets

from ssc_tune import data
from ssc_tune.data import cache, published
from ssc_tune.data.dataset import Dataset
from ssc_tune.data.facts import Source
from ssc_tune.data.registry import DATASETS
from ssc_tune.errors import InputError
from tests.data.disk_formats import Parts, write_cifar, write_mnist, write_stl10, write_svhn


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, and no network."""

    def refused(*_: object, **__: object) -> None:
        raise OSError("no network here")

    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", refused)
    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", refused)
    monkeypatch.setattr(published, "SYSTEM", ())
    return tmp_path / "cache"


def read(name: str) -> Dataset:
    """The data set as a new process reads it."""
    return published.read(Source(name))


def same(dataset: Dataset, parts: Parts) -> None:
    assert np.array_equal(dataset.train_images.numpy(), parts.train)
    assert np.array_equal(dataset.train_labels.numpy(), parts.train_labels)
    assert np.array_equal(dataset.test_images.numpy(), parts.test)
    assert np.array_equal(dataset.test_labels.numpy(), parts.test_labels)
    assert dataset.train_images.dtype == dataset.test_images.dtype == torch.uint8
    assert dataset.train_labels.dtype == dataset.test_labels.dtype == torch.int64
    assert dataset.train_images.is_contiguous()


def test_mnist_and_fashion_mnist(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write_mnist(root, "MNIST", monkeypatch)
    same(read("mnist"), written)
    written = write_mnist(root, "FashionMNIST", monkeypatch)
    same(read("fashion_mnist"), written)


def test_cifar(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write_cifar(root, "CIFAR10", monkeypatch)
    same(read("cifar10"), written)
    written = write_cifar(root, "CIFAR100", monkeypatch)
    dataset = read("cifar100")
    same(dataset, written)
    assert dataset.num_classes == 100


def test_svhn(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write_svhn(root, monkeypatch)
    same(read("svhn"), Parts(*written["train"], *written["test"]))
    images, labels = (np.concatenate(pair) for pair in zip(written["train"], written["extra"], strict=True))
    same(read("svhn+extra"), Parts(images, labels, *written["test"]))


def test_stl10(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, unlabelled = write_stl10(root, monkeypatch)
    dataset = read("stl10")
    images = np.concatenate([parts.train, unlabelled])
    same(dataset, parts._replace(train=images, train_labels=np.append(parts.train_labels, [-1] * len(unlabelled))))


def test_images_without_a_label_are_in_the_unlabelled_pool_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_stl10(root, monkeypatch)
    dataset = read("stl10")
    split = data.split(dataset, labels_per_class=2, validation=10, seed=3)
    assert len(split.unlabelled) == 40 - 10 + 30
    assert set(range(40, 70)) <= set(split.unlabelled.tolist())
    for indices in (split.labelled, split.validation):
        assert dataset.train_labels[indices].min() >= 0
    with pytest.raises(InputError, match="of the 40 training images of stl10; allowed: 1 to 30"):
        data.split(dataset, labels_per_class=1, validation=31, seed=0)


def test_files_are_read_once_and_then_shared(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cifar(root, "CIFAR10", monkeypatch)
    first = read("cifar10")
    monkeypatch.setattr(datasets, "CIFAR10", None)
    again = read("cifar10")
    assert torch.equal(first.train_images, again.train_images)
    maps = Path("/proc/self/maps").read_text() if Path("/proc/self/maps").exists() else "train_images.npy"
    assert "train_images.npy" in maps


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100", "svhn", "svhn+extra", "stl10"])
def test_offline_message_names_files_folder_and_variable(name: str, root: Path) -> None:
    with pytest.raises(InputError) as caught:
        data.load(name)
    message = str(caught.value)
    files = {"stl10": "stl10_binary.tar.gz", "svhn+extra": "extra_32x32.mat", "cifar10": "cifar-10-python.tar.gz"}
    for part in (f"data.name: {name} is not in {root}", "no network here", "SSC_TUNE_DATA", files.get(name, "")):
        assert part in message
    assert not list((root / "arrays").glob("*"))


def test_damaged_files_are_not_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_svhn(root, monkeypatch)
    (root / "train_32x32.mat").write_bytes(b"damaged")
    with pytest.raises(InputError, match="cannot be downloaded"):
        read("svhn")


def _load(barrier: object, source: str, root: str, log: str, answers: multiprocessing.Queue[int]) -> None:
    """In another process: a downloader that copies and counts."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv(cache.VARIABLE, root)
    parts = write_cifar(Path(source) / str(multiprocessing.current_process().pid), "CIFAR10", monkeypatch)

    def fetched(url: str, filename: str, *_: object) -> None:
        with open(log, "a") as lines:
            lines.write(f"{url}\n")
        place = Path(source) / str(multiprocessing.current_process().pid) / datasets.CIFAR10.filename
        Path(filename).write_bytes(place.read_bytes())

    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", fetched)
    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", lambda url, **_: url)
    barrier.wait()  # type: ignore[attr-defined]
    dataset = read("cifar10")
    answers.put(int(np.array_equal(dataset.train_images.numpy(), parts.train)))


@pytest.mark.slow
def test_two_processes_download_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, answers, log = context.Barrier(2), context.Queue(), tmp_path / "downloads"
    arguments = (barrier, str(tmp_path / "source"), str(tmp_path / "cache"), str(log), answers)
    processes = [context.Process(target=_load, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    assert [answers.get(timeout=120) for _ in processes] == [1, 1]
    for process in processes:
        process.join(timeout=60)
    assert len(log.read_text().splitlines()) == 1


@pytest.mark.skipif(
    not any(place.is_dir() for place in published.SYSTEM),
    reason="Debian's package dataset-fashion-mnist is not installed",
)
def test_fashion_mnist_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    dataset, info = read("fashion_mnist"), DATASETS["fashion_mnist"]
    assert dataset.train_images.shape == (info.train_size, *info.image_shape)
    assert tuple(dataset.train_labels.bincount().tolist()) == info.train_counts
    assert len(dataset.test_labels) == info.test_size
    scaled = dataset.train_images.double() / 255
    assert dataset.mean == pytest.approx([scaled.mean().item()], abs=5e-5)
    assert dataset.std == pytest.approx([scaled.std(correction=0).item()], abs=5e-5)


def test_mirrors_are_those_published(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photographs and clothing are mirrored, digits and house numbers are not; nothing is turned."""
    write_mnist(root, "MNIST", monkeypatch)
    write_mnist(root, "FashionMNIST", monkeypatch)
    for kind in ("CIFAR10", "CIFAR100"):
        write_cifar(root, kind, monkeypatch)
    write_svhn(root, monkeypatch)
    write_stl10(root, monkeypatch)
    mirrored = [read("cifar10"), read("cifar100"), read("stl10"), read("fashion_mnist")]
    assert all(dataset.horizontal_flip for dataset in mirrored)
    still = [read("mnist"), read("svhn"), read("svhn+extra")]
    assert not any(dataset.horizontal_flip for dataset in still)
    for dataset in (*mirrored, *still):
        assert (dataset.weak_rotation, dataset.weak_scale) == (0, 0)
        assert len(dataset.mean) == len(dataset.std) == dataset.train_images.shape[1]


def test_rows_have_the_published_sizes() -> None:
    sizes = {name: (info.num_classes, info.train_size, info.test_size) for name, info in DATASETS.items()}
    assert sizes["mnist"] == sizes["fashion_mnist"] == (10, 60_000, 10_000)
    assert sizes["cifar10"] == (10, 50_000, 10_000)
    assert sizes["cifar100"] == (100, 50_000, 10_000)
    assert sizes["svhn"] == (10, 73_257, 26_032)
    assert sizes["svhn+extra"] == (10, 73_257 + 531_131, 26_032)
    assert sizes["stl10"] == (10, 5000, 8000)
    assert DATASETS["stl10"].unlabelled == 100_000
