"""What a report says of data and nets is what its cells have."""

from __future__ import annotations

from typing import Any

import pytest

from ssc_tune.presentation import ground
from tests.making.studies import FAKE, study

DIGITS = {"name": "digits", "labels_per_class": 8}


def made(**changes: Any) -> Any:
    return study(FAKE, claims=[], **changes)


def test_settings_that_have_data_of_their_own_are_told_and_the_studys_are_not() -> None:
    settings = {"clean": {"data": DIGITS}, "noisy": {"data": {**DIGITS, "label_noise": 0.25}}}
    assert ground.data(made(settings=settings)) == (
        "clean: digits, 8 labels a class, 300 validation images; "
        "noisy: digits, 8 labels a class, 300 validation images, 25% of the labels wrong (symmetric)"
    )
    assert ground.net(made(settings=settings)) == "wrn-10-1, 4 steps"


def test_what_all_settings_have_is_told_once() -> None:
    settings = {"plain": {}, "wide": {"model": {"name": "wrn-10-2", "input_size": 16}}}
    assert ground.data(made(settings=settings)) == "digits, 4 labels a class, 300 validation images"
    assert ground.net(made(settings=settings)) == "plain: wrn-10-1; wide: wrn-10-2, images resized to 16, 4 steps"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"validation": 0.2}, "digits, 4 labels a class, 20% of the images for validation"),
        ({"imbalance": 5.0}, "digits, 4 labels a class, 300 validation images, labels imbalanced by 5"),
        ({"unknown_classes": 3, "unknown_share": 0.5}, "the last 3 classes unknown, 50% of the unlabelled images"),
        ({"name": "svhn", "extra": True}, "svhn with its extra part, 4 labels a class"),
    ],
)
def test_what_is_not_as_usual_is_told(data: dict[str, Any], text: str) -> None:
    assert text in ground.data(made(data={"name": "digits", **data}))


def test_a_pretraining_is_told() -> None:
    assert "with: wrn-10-1, pre-trained for 7 steps" in ground.net(
        made(settings={"without": {}, "with": {"pretrain": {"steps": 7, "batch_size": 8}}})
    )
