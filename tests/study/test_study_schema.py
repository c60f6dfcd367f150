"""The JSON Schemas, the reference and the registry of data sets say what the models and the data say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from ssc_tune import data
from ssc_tune.data.registry import DATASETS, NAMES
from ssc_tune.study import reference, schema
from ssc_tune.study.reading.yaml_reader import read_yaml
from ssc_tune.training.config import DataConfig
from tests.making.files import BASE

ROOT = Path(__file__).parents[2]


def plain(value: Any) -> Any:
    """With lists in the place of tuples."""
    return json.loads(json.dumps(value))


@pytest.fixture(scope="module")
def study_validator() -> jsonschema.Draft202012Validator:
    """Checks study files by the committed schema."""
    committed = json.loads((ROOT / "docs/study.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(committed)
    return jsonschema.Draft202012Validator(committed)


@pytest.mark.parametrize("name", sorted(schema.files()))
def test_committed_schemas_are_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == schema.files()[name], "run: python -m ssc_tune.study.schema"


def test_the_committed_reference_is_up_to_date() -> None:
    text = (ROOT / "docs/study_file.md").read_text()
    assert text == reference.reference(), "run: python -m ssc_tune.study.reference"


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_studies_fit_the_schema_they_name(path: Path, study_validator: jsonschema.Draft202012Validator) -> None:
    first = path.read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("=")[2]).resolve() == ROOT / "docs/study.schema.json"
    study_validator.validate(plain(read_yaml(path).value))


@pytest.mark.parametrize("path", sorted((ROOT / "search_spaces").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_search_spaces_fit_the_schema_they_name(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    named = (path.parent / first.partition("=")[2]).resolve()
    assert named == ROOT / "docs/search_space.schema.json"
    jsonschema.Draft202012Validator(json.loads(named.read_text())).validate(plain(read_yaml(path).value))


OWN = """{fixmatch: {tau: 0.9}, tree: {depth: 3}}
own_methods: {tree: {function: 'trees:train', hyperparameters: {depth: 2}}}"""


@pytest.mark.parametrize(
    ("old", "new", "fits"),
    [
        ("", "", True),
        ("[fixmatch, ssc]", "{fixmatch: , ssc: {temperature: 0.2}}", True),
        ("[fixmatch, ssc]", "{fixmatch: {temperature: 0.2}}", False),
        ("[fixmatch, ssc]", "[fixmach]", False),
        ("batch_size", "bach_size", False),
        ("[fixmatch, ssc]", OWN, True),
        ("[fixmatch, ssc]", OWN.replace("tree: {depth: 3}", "tree: 3"), False),
        ("points", "point", False),
        ("factor: 3", "low: 0.01", False),
        ("factor: 3", "low: 0.01, high: 0.05", True),
        ("in: std", "in: sdt", False),
        ("seeds: 2", "seeds: 2\nseed: 2", False),
        ("temperature: {type", "temperature: {tipe", False),
    ],
)
def test_the_schema_tells_right_from_wrong(
    tmp_path: Path, study_validator: jsonschema.Draft202012Validator, old: str, new: str, fits: bool
) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(BASE.replace(old, new, 1))
    assert study_validator.is_valid(plain(read_yaml(file).value)) is fits


def test_the_registry_knows_every_data_set() -> None:
    assert set(NAMES) == set(get_args(get_args(DataConfig.model_fields["name"].annotation)[0]))


@pytest.mark.parametrize("name", ["digits", "mnist5k"])
def test_the_registry_agrees_with_the_data(name: str) -> None:
    info, dataset = DATASETS[name], data.load(name)
    assert info.num_classes == dataset.num_classes
    assert info.image_shape == tuple(dataset.train_images.shape[1:])
    assert list(info.train_counts) == dataset.train_labels.bincount().tolist()
    assert info.test_size == len(dataset.test_labels)


@pytest.mark.parametrize("name", ["digits", "mnist5k"])
@pytest.mark.parametrize("validation", [1, 9, 200, 300, 777, 1287])
def test_the_most_labels_a_class_can_have_is_the_most_a_split_allows(name: str, validation: int) -> None:
    most = DATASETS[name].most_labels_per_class(validation)
    division = data.split(data.load(name), labels_per_class=most, validation=validation, seed=0)
    assert len(division.labelled) == most * 10
    with pytest.raises(ValueError, match="labels_per_class"):
        data.split(data.load(name), labels_per_class=most + 1, validation=validation, seed=0)
