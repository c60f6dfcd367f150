"""Each method's stored run comes out again, and a small change of anything that matters does not pass as it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ssc_tune.data import augmentation
from ssc_tune.training import optimization
from tests.making.cells import EVERY_METHOD
from tests.training.golden_runs import FOLDER, HYPERPARAMETERS, OWN, TOLERANCE, Curve, distance, golden_run


def _stored(method: str) -> Curve:
    stored: Curve = json.loads((FOLDER / f"{method}.json").read_text())
    return stored


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_a_golden_run_repeats(method: str) -> None:
    assert distance(golden_run(method), _stored(method)) < TOLERANCE


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_the_memory_order_does_not_matter(method: str) -> None:
    assert distance(golden_run(method, channels_last=False), _stored(method)) < TOLERANCE


SHARED = ("learning_rate", "ema_decay", "weight_decay", "tau", "cutout", "randaugment_m")
OF_SSC = ("temperature", "pseudo_temperature", "prototype_weight", "confident_weight", "unconfident_weight")
DEFAULTS = {
    "temperature": 0.1,
    "prototype_weight": 1.0,
    "confident_weight": 1.0,
    "unconfident_weight": 0.2,
    "unlabelled_weight": 1.0,
}
CHANGES = [
    *(("fixmatch", name) for name in (*SHARED, "unlabelled_weight")),
    *(("ssc", name) for name in (*SHARED, *OF_SSC)),
    *(("supervised", name) for name in SHARED[:3]),
]


@pytest.mark.parametrize(("method", "name"), CHANGES)
def test_a_hyperparameter_changed_by_one_percent_does_not_pass(method: str, name: str) -> None:
    before = {**DEFAULTS, **HYPERPARAMETERS, **OWN.get(method, {})}[name]
    changed = golden_run(method, hyperparameters={name: before * 1.01})
    assert distance(changed, _stored(method)) > 2 * TOLERANCE


def _wrap(monkeypatch: pytest.MonkeyPatch, target: Any, name: str, change: Any) -> None:
    plain = getattr(target, name)
    monkeypatch.setattr(target, name, lambda *a, **k: change(plain, *a, **k))


@pytest.mark.parametrize("method", ["fixmatch", "ssc"])
@pytest.mark.parametrize("what", ["schedule", "norm momentum", "shift", "mean"])
def test_a_changed_constant_does_not_pass(monkeypatch: pytest.MonkeyPatch, method: str, what: str) -> None:
    if what == "schedule":
        monkeypatch.setattr("ssc_tune.training.step.cosine", lambda k, steps: optimization.cosine(k, steps) * 1.01)
    elif what == "norm momentum":
        monkeypatch.setattr("ssc_tune.training.step.norm_momentum", lambda k: optimization.norm_momentum(k) * 0.99)
    elif what == "shift":
        _wrap(monkeypatch, augmentation, "strong", lambda plain, *a, **k: plain(*a, max_shift=0.25, **k))
    else:
        _wrap(
            monkeypatch,
            augmentation,
            "normalize",
            lambda plain, images, mean, **k: plain(images, mean=[m * 1.01 for m in mean], **k),
        )
    assert distance(golden_run(method), _stored(method)) > 2 * TOLERANCE
