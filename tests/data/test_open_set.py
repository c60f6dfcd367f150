"""Unknown classes, their share, and validation by share, counted by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ssc_tune import data, methods
from ssc_tune.data.facts import FOREIGN, Source
from ssc_tune.study.checking.check_data import checked_info
from ssc_tune.training import DataConfig, train
from ssc_tune.training.batches import Batches
from tests.making.cells import make_config

DIGITS = data.load("digits")


def loaded(unknown: int) -> data.Dataset:
    return data.load(Source("digits", unknown_classes=unknown))


@pytest.mark.parametrize("unknown", [1, 4, 8])
def test_the_last_classes_are_in_the_unlabelled_part_alone(unknown: int) -> None:
    dataset, known = loaded(unknown), 10 - unknown
    assert dataset.num_classes == known
    assert torch.equal(dataset.train_images, DIGITS.train_images)
    for before, after in zip(DIGITS.train_labels.tolist(), dataset.train_labels.tolist(), strict=True):
        assert after == (before if before < known else FOREIGN)
    assert Counter(dataset.test_labels.tolist()) == {
        k: n for k, n in Counter(DIGITS.test_labels.tolist()).items() if k < known
    }
    split = data.split(dataset, labels_per_class=3, validation=100, seed=5)
    labels = dataset.train_labels
    assert Counter(labels[split.labelled].tolist()) == dict.fromkeys(range(known), 3)
    assert int(labels[split.validation].min()) >= 0
    assert set(split.unlabelled.tolist()) == set(range(len(labels))) - set(split.validation.tolist())
    info = data.info(Source("digits", unknown_classes=unknown))
    assert (info.num_classes, info.train_size) == (known, data.num_labelled(dataset))
    assert info.train_size + info.unlabelled == len(labels)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 0.95), st.integers(1, 8), st.integers(0, 3))
def test_the_pool_has_the_share_that_is_asked_for(share: float, unknown: int, seed: int) -> None:
    dataset = loaded(unknown)
    arguments = {"labels_per_class": 2, "validation": 100}
    split = data.split(dataset, **arguments, seed=seed, unknown_share=share)
    labels = dataset.train_labels[split.unlabelled]
    num_foreign = int((labels == FOREIGN).sum())
    labelled, pool = set(split.labelled.tolist()), set(split.unlabelled.tolist())
    assert labelled <= pool
    if len(pool) > len(labelled) + num_foreign:
        assert (
            num_foreign / len(pool) == pytest.approx(share, abs=0.51 / len(pool) + 1e-9)
            or abs(num_foreign - share * len(pool)) < 1
        )
    whole = set(data.split(dataset, **arguments, seed=seed).unlabelled.tolist())
    assert pool <= whole
    everything = [int((dataset.train_labels[list(whole)] == FOREIGN).sum()), len(whole)]
    assert num_foreign == everything[0] or len(pool) - num_foreign == everything[1] - everything[0]


@pytest.mark.parametrize("method", ["fixmatch", "ssc", "flexmatch"])
def test_a_pseudo_label_of_an_unknown_class_is_never_right(method: str) -> None:
    """At tau 0 every image counts, so that the share of right ones is at most that of known classes."""
    config = make_config(method, hyperparameters={"tau": 0.0}, steps=30, evaluations=1)
    config = config.model_copy(update={"data": DataConfig(unknown_classes=5, unknown_share=0.75)})
    found = train(config, device="cpu")
    assert (found.status, found.num_classes) == ("ok", 5)
    quality = found.history[-1].confident_accuracy
    assert quality is not None
    assert 0 < quality < 0.35
    assert config.cell_id != make_config(method, hyperparameters={"tau": 0.0}, steps=30, evaluations=1).cell_id


def test_full_supervision_is_by_images_with_a_label_alone() -> None:
    """A label is shown for every image that is drawn, and every image with a label is drawn in its turn."""
    dataset = loaded(4)
    split = data.split(dataset, labels_per_class=1, validation=100, seed=0)
    method = methods.make("supervised-full", {"batch_size": 50}, num_classes=6)
    batches = Batches(dataset, split, method, seed=0, device=torch.device("cpu"))
    assert data.num_labelled(dataset) - 100 > 650
    drawn = torch.cat([batch.labels for batch in batches.between(0, 13)])
    assert (int(drawn.min()), int(drawn.max())) == (0, 5)
    config = make_config("supervised-full", steps=4, evaluations=1)
    found = train(config.model_copy(update={"data": DataConfig(unknown_classes=4)}), device="cpu")
    assert found.status == "ok"


def test_validation_may_be_a_share() -> None:
    config = make_config("supervised", steps=2, evaluations=1)
    by_share, by_number = (
        config.model_copy(update={"data": DataConfig(labels_per_class=2, validation=value)}) for value in (0.1, 130)
    )
    assert by_share.data.held_out(1297) == 130
    results = [train(one, device="cpu") for one in (by_share, by_number)]
    assert results[0].validation_accuracy == results[1].validation_accuracy
    assert DataConfig(validation=300).identity() == DataConfig().identity()


@pytest.mark.parametrize("value", [0, -3, 1.0, 1.5, 0.0, -0.1, "many", None])
def test_a_validation_that_is_neither_number_nor_share_hears_both_limits(value: object) -> None:
    text = "number of images, at least 1, or a share, greater than 0 and less than 1, not "
    with pytest.raises(ValidationError, match=text):
        DataConfig.model_validate({"validation": value}, strict=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unknown_classes": 9}, "unknown_classes: must leave 2 of the 10 classes of digits: at most 8, not 9"),
        ({"unknown_share": 0.5}, "unknown_share: no class is unknown"),
        ({"extra": True}, "extra: no key of digits; allowed for svhn"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked_info(DataConfig(**changes))
