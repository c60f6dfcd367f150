"""Data of one's own: arrays, folders of images, functions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ssc_tune import data
from ssc_tune.data import Source, cache
from ssc_tune.data import registry as rows
from ssc_tune.data.facts import SourceError
from ssc_tune.errors import InputError
from ssc_tune.study import load_study
from ssc_tune.training import CellConfig, train

RNG = np.random.default_rng(0)
STUDY = """
name: own
data: {{{data}, labels_per_class: 2, validation: 6}}
training: {{steps: 4, evaluations: 1, precision: float32}}
methods: [fixmatch]
hyperparameters: {{batch_size: 4, mu: 2}}
search_space: {{parameters: {{tau: {{type: float, default: 0.9, low: 0.5, high: 0.95}}}}}}
design: {{type: defaults}}
seeds: 1
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    rows._load.cache_clear()
    return tmp_path


def arrays(train: int = 30, test: int = 12, shape: tuple[int, ...] = (3, 10, 10), classes: int = 3) -> dict[str, Any]:
    return {
        "train_images": RNG.integers(0, 256, (train, *shape), dtype=np.uint8),
        "train_labels": np.arange(train) % classes,
        "test_images": RNG.integers(0, 256, (test, *shape), dtype=np.uint8),
        "test_labels": np.arange(test) % classes,
    }


def written(folder: Path, **content: Any) -> Source:
    np.savez(folder / "own.npz", **content)
    return Source("array", str(folder / "own.npz"))


def study_of(folder: Path, text: str) -> Path:
    (folder / "s.yaml").write_text(STUDY.format(data=text))
    return folder / "s.yaml"


def cell(path: Path, **changes: Any) -> CellConfig:
    study = load_study(path)
    return CellConfig(
        data=study.data,
        model=study.model,
        training=study.training,
        method="fixmatch",
        hyperparameters=study.fixed("fixmatch"),
        seed=0,
        **changes,
    )


@pytest.mark.parametrize("layout", ["NCHW", "NHWC", "NHW"])
def test_array_in_every_layout(folder: Path, layout: str) -> None:
    content = arrays(shape=(10, 8) if layout == "NHW" else (3, 10, 8))
    images = content["train_images"]
    as_read = images[:, None] if layout == "NHW" else images
    stored = {**content, "unlabelled_images": content["test_images"][:5]}
    if layout == "NHWC":
        stored = {k: v.transpose(0, 2, 3, 1) if k.endswith("images") else v for k, v in stored.items()}
    source = written(folder, **stored)
    info, dataset = data.info(source), data.load(source)
    assert (info.image_shape, info.train_counts, info.test_size) == (as_read.shape[1:], (10, 10, 10), 12)
    assert info.unlabelled == 5
    assert np.array_equal(dataset.train_images[:30].numpy(), as_read)
    assert dataset.train_labels.tolist() == [*content["train_labels"], *[-1] * 5]
    scaled = dataset.train_images.double() / 255
    assert dataset.mean == pytest.approx(scaled.mean((0, 2, 3)).tolist(), abs=1e-5)
    assert dataset.std == pytest.approx(scaled.std((0, 2, 3), correction=0).tolist(), abs=1e-5)
    assert not dataset.horizontal_flip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test_labels": None}, "has no test_labels; needed: train_images, train_labels, test_images, test_labels"),
        ({"unlabeled_images": np.zeros(3)}, "unknown array 'unlabeled_images'; allowed: .*unlabelled_images"),
        ({"train_images": np.zeros((30, 3, 10, 10))}, "train_images is float64; allowed: uint8"),
        ({"train_images": np.zeros((30, 10), np.uint8)}, r"has the shape \(30, 10\); allowed: \(N, H, W\)"),
        (
            {"test_images": np.zeros((12, 3, 9, 10), np.uint8)},
            r"test_images are of shape \(3, 9, 10\), train_images of",
        ),
        ({"train_labels": np.arange(29) % 3}, "train_labels must be 30 whole numbers"),
        ({"train_labels": np.arange(30) % 3 - 1}, "has the label -1; images without one: unlabelled_images"),
        ({"train_labels": np.arange(30) % 3 * 2}, "must have every label from 0 to 4"),
        ({"test_labels": np.arange(12)}, "test_labels has the label 11; allowed: 0 to 2"),
    ],
)
def test_wrong_arrays_are_named(folder: Path, change: dict[str, Any], message: str) -> None:
    content = {k: v for k, v in {**arrays(), **change}.items() if v is not None}
    with pytest.raises(SourceError, match=message) as caught:
        data.info(written(folder, **content))
    assert str(folder / "own.npz") in str(caught.value)


def test_a_file_that_is_no_npz(folder: Path) -> None:
    (folder / "own.npz").write_bytes(b"no zip")
    with pytest.raises(SourceError, match=r"own\.npz cannot be read as \.npz"):
        data.info(Source("array", str(folder / "own.npz")))


def tree(folder: Path, parts: tuple[str, ...] = ("train/", "test/"), *, mode: str = "RGB", side: int = 12) -> Path:
    """Two classes of ten images, the values of which say which they are."""
    for p, part in enumerate(parts):
        for k, name in enumerate(("cat", "dog")):
            for i in range(10):
                place = folder / "images" / part / name
                place.mkdir(parents=True, exist_ok=True)
                value = 100 * k + 10 * p + i
                Image.new(mode, (side, side), value if mode == "L" else (value, 0, 200)).save(place / f"{i}.png")
    return folder / "images"


def test_folder_with_both_parts_and_images_without_a_label(folder: Path) -> None:
    place = tree(folder)
    (place / "unlabelled" / "more").mkdir(parents=True)
    Image.new("RGB", (12, 12), (250, 0, 200)).save(place / "unlabelled" / "more" / "u.png")
    source = Source("folder", str(place), mirror=True)
    info, dataset = data.info(source), data.load(source)
    assert info == data.DatasetInfo("ssc_tune.data.folder:read", (3, 12, 12), (10, 10), 20, 1)
    first = dataset.train_images[:, 0, 0, 0].tolist()
    assert first == [*range(10), *range(100, 110), 250]
    assert dataset.train_labels.tolist() == [0] * 10 + [1] * 10 + [-1]
    assert dataset.test_images[:, 0, 0, 0].tolist() == [*range(10, 20), *range(110, 120)]
    assert dataset.horizontal_flip
    assert dataset.mean[1:] == pytest.approx([0, 200 / 255], abs=1e-5)


def test_folder_of_one_tree_has_a_fixed_stratified_test_part(folder: Path) -> None:
    source = Source("folder", str(tree(folder, ("",), mode="L")))
    info, dataset = data.info(source), data.load(source)
    assert (info.image_shape, info.train_counts, info.test_size) == ((1, 12, 12), (8, 8), 4)
    assert tuple(dataset.train_labels.bincount().tolist()) == info.train_counts
    assert dataset.test_labels.tolist() == [0, 0, 1, 1]
    values = torch.cat([dataset.train_images, dataset.test_images])[:, 0, 0, 0].tolist()
    assert sorted(values) == [*range(10), *range(100, 110)]


def test_images_of_several_sizes_are_resized_once(folder: Path) -> None:
    place = tree(folder)
    Image.new("RGB", (30, 20), (250, 0, 200)).save(place / "train" / "cat" / "wide.png")
    with pytest.raises(SourceError, match=r"data\.size: images differ in size, .*12x12.*20x30.*; needed: the side"):
        data.info(Source("folder", str(place)))
    source = Source("folder", str(place), size=8)
    assert data.info(source).image_shape == (3, 8, 8)
    dataset = data.load(source)
    assert dataset.train_images.shape == (21, 3, 8, 8)
    assert (dataset.train_images[10, 0] == 250).all()


def test_wrong_folders_are_named(folder: Path) -> None:
    place = tree(folder, ("train/",))
    with pytest.raises(SourceError, match="has one of train/ and test/; needed: both"):
        data.info(Source("folder", str(place)))
    (place / "test" / "bird").mkdir(parents=True)
    with pytest.raises(SourceError, match="has the class 'bird', which is not in train/"):
        data.info(Source("folder", str(place)))
    (place / "test" / "bird").rmdir()
    with pytest.raises(SourceError, match="test has no image"):
        data.info(Source("folder", str(place)))
    (place / "train" / "cat" / "0.png").write_bytes(b"no image")
    Image.new("RGB", (12, 12)).save(place / "test" / "0.png")
    (place / "test" / "dog").mkdir()
    Image.new("RGB", (12, 12)).save(place / "test" / "dog" / "0.png")
    with pytest.raises(SourceError, match=r"0\.png cannot be read as an image"):
        data.info(Source("folder", str(place)))


def test_content_not_place_is_the_cells_identity(folder: Path) -> None:
    content = arrays()
    written(folder, **content)
    first = cell(study_of(folder, "name: array, path: own.npz")).cell_id
    (folder / "elsewhere").mkdir()
    (folder / "own.npz").rename(folder / "elsewhere" / "moved.npz")
    assert cell(study_of(folder, "name: array, path: elsewhere/moved.npz")).cell_id == first
    content["train_images"][0, 0, 0, 0] ^= 1
    written(folder, **content)
    assert cell(study_of(folder, "name: array, path: own.npz")).cell_id != first


def test_changed_data_are_not_trained_on(folder: Path) -> None:
    written(folder, **arrays())
    config = cell(study_of(folder, "name: array, path: own.npz"))
    written(folder, **arrays())
    with pytest.raises(InputError, match=f"has changed since the study was read: {config.data.fingerprint} is now"):
        train(config, device="cpu")


def test_a_given_fingerprint_must_be_the_datas(folder: Path) -> None:
    written(folder, **arrays())
    with pytest.raises(InputError, match=r"s\.yaml:3: data\.fingerprint: is .{16} now, not abc; the data have changed"):
        load_study(study_of(folder, "name: array, path: own.npz, fingerprint: abc"))


def test_cells_of_before_keep_their_ids() -> None:
    config = CellConfig.model_validate(
        {"data": {"name": "digits"}, "model": {}, "training": {}, "method": "ssc", "hyperparameters": {}, "seed": 0}
    )
    assert set(config.data.identity()) == {"name", "labels_per_class", "validation"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: digits, path: own.npz", "data.path: no key of digits; allowed for folder and array"),
        ("name: array, path: own.npz, size: 8", "data.size: no key of array; allowed for folder"),
        ("name: array", "data.path: the key is missing; needed by array"),
        ("name: array, path: nowhere.npz", "data.path: nothing at .*nowhere.npz"),
        ("name: digits, fingerprint: abc", "data.fingerprint: no key of digits"),
        ("name: 'no_such_module:read'", "data.name: no_such_module:read cannot be found .*PYTHONPATH"),
        ("name: array, path: own.npz, labels_per_class: 9", "data.labels_per_class: must be at most 8 for array"),
    ],
)
def test_what_a_study_may_not_say(folder: Path, text: str, message: str) -> None:
    written(folder, **arrays())
    path = study_of(folder, text)
    path.write_text(path.read_text().replace("labels_per_class: 9, labels_per_class: 2", "labels_per_class: 9"))
    with pytest.raises(InputError, match=rf"s\.yaml:3: {message}"):
        load_study(path)


FUNCTION = """
import torch
from ssc_tune.data import Dataset

def read():
    images = torch.arange(40 * 64).remainder(251).to(torch.uint8).reshape(40, 1, 8, 8)
    labels = torch.arange(40) % 2
    labels[30:] = -1
    return Dataset("own", images, labels, images[:10], labels[:10], 2, False, (0.5,), (0.3,))

def wrong():
    return read()._replace(test_labels=torch.zeros(3))

nothing = 3
"""


@pytest.fixture
def module(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "own_images.py").write_text(FUNCTION)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "own_images", raising=False)


@pytest.mark.usefixtures("module")
def test_a_function_of_ones_own(folder: Path) -> None:
    config = cell(study_of(folder, "name: 'own_images:read'"))
    assert data.info(config.data.source).unlabelled == 10
    result = train(config, device="cpu")
    assert (result.status, result.num_classes) == ("ok", 2)
    for name, message in (
        ("wrong", r"test_labels of float32 \(3,\); allowed: int64 \(10,\)"),
        ("nothing", "must be a"),
    ):
        with pytest.raises(InputError, match=message):
            load_study(study_of(folder, f"name: 'own_images:{name}'"))


@pytest.mark.parametrize("form", ["array", "folder"])
def test_a_study_of_ones_own_data_is_trained(folder: Path, form: str) -> None:
    written(folder, **arrays())
    tree(folder)
    text = {"array": "name: array, path: own.npz, mirror: true", "folder": "name: folder, path: images, size: 8"}[form]
    result = train(cell(study_of(folder, text)), device="cpu")
    assert (result.status, result.steps) == ("ok", 4)


def test_one_array_is_looked_at_without_torch(folder: Path) -> None:
    source = written(folder, **arrays())
    code = f"import sys; from ssc_tune import data; data.info(data.Source{tuple(source)!r})"
    code += "; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_data_may_go_once_they_are_kept(folder: Path) -> None:
    source = written(folder, **arrays())
    source = source._replace(fingerprint=rows.survey(source).fingerprint)
    kept = data.load(source).train_images.clone()
    (folder / "own.npz").unlink()
    rows._load.cache_clear()
    assert torch.equal(data.load(source).train_images, kept)
    assert rows.known(source) is not None
