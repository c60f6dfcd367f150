"""What a data set's own strong views mean for a study: a magnitude without a part in them, and what is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ssc_tune.design.notes import of_data
from ssc_tune.study import load_study

Problems = Callable[..., list[str]]
Write = Callable[..., object]

STUDY = """\
name: small
data: {name: DATA, labels_per_class: 4, validation: 500}
methods: {fixmatch: {}, ssc: {MORE}}
hyperparameters: {FIXED}
search_space: {parameters: {learning_rate: {type: float, default: 0.03, factor: 3}VARIED}}
design: {type: sobol, points: 4}
"""
MAGNITUDE = ", randaugment_m: {type: float, default: 10, low: 3, high: 10}"
LAW = ", strong_view: {type: choice, default: paper, choices: [ours, paper]}"
TEXT = "randaugment_m: decides nothing where strong_view is paper"
REST = "; fix strong_view: ours or fixmatch, or leave it out"


def text(data: str = "cifar10", *, more: str = "", fixed: str = "batch_size: 8", varied: str = "") -> str:
    return STUDY.replace("DATA", data).replace("MORE", more).replace("FIXED", fixed).replace("VARIED", varied)


@pytest.mark.parametrize("data", ["cifar10", "cifar100", "svhn", "stl10"])
def test_a_magnitude_that_decides_nothing_is_refused(problems: Problems, data: str) -> None:
    study = text(data, varied=MAGNITUDE)
    assert problems(study) == [f"s.yaml:5: search_space.parameters.{TEXT}, the default of {data}{REST}"]
    study = text(data, fixed="randaugment_m: 5")
    assert problems(study) == [f"s.yaml:4: hyperparameters.{TEXT}, the default of {data}{REST}"]
    study = text(data, more="randaugment_m: 5")
    assert problems(study) == [f"s.yaml:3: methods.ssc.{TEXT}, the default of {data}{REST}"]


@pytest.mark.parametrize("law", ["ours", "fixmatch"])
def test_it_is_taken_where_it_counts(problems: Problems, law: str) -> None:
    fixed = f"strong_view: {law}"
    assert problems(text(fixed=fixed, varied=MAGNITUDE)) == []
    assert problems(text(fixed=f"{fixed}, randaugment_m: 5")) == []
    assert problems(text("digits", varied=MAGNITUDE)) == []
    assert problems(text(varied=MAGNITUDE + LAW)) == []
    assert problems(text(fixed="randaugment_m: 5", more=fixed)) == []


def test_a_law_that_is_fixed_is_not_called_a_default(problems: Problems) -> None:
    study = text("digits", fixed="strong_view: paper", varied=MAGNITUDE)
    assert problems(study) == [f"s.yaml:5: search_space.parameters.{TEXT}{REST}"]


def test_of_several_settings_all_must_use_what_varies_and_one_what_is_fixed(problems: Problems) -> None:
    more = "settings: {a: {data: {name: digits}}, b: {data: {name: svhn, extra: true, validation: 500}}}\n"
    assert problems(text("digits", varied=MAGNITUDE) + more) == [
        f"s.yaml:5: search_space.parameters.{TEXT}, the default of svhn{REST}"
    ]
    assert problems(text("digits", fixed="randaugment_m: 5") + more) == []


def test_defaults_of_the_data_are_told(write: Write) -> None:
    def told(study: str) -> list[str]:
        write(study)
        return of_data(load_study("s.yaml"))

    both = ["strong_view is paper, the default of cifar10", "randaugment_n is 3, the default of cifar10"]
    assert told(text()) == both
    assert told(text(fixed="strong_view: ours")) == both[1:]
    assert told(text(more="randaugment_n: 2")) == [both[0], "randaugment_n of fixmatch is 3, the default of cifar10"]
    assert told(text(varied=LAW)) == both[1:]
    assert told(text("digits")) == []
