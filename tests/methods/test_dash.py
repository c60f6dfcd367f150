"""Dash's falling threshold against a loop over its formula, and what follows from it."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ssc_tune import methods
from ssc_tune.methods.base import Extent, Views
from ssc_tune.methods.falling import Fall, FallingThreshold
from ssc_tune.methods.thresholds import FixedThreshold, Seen
from tests.methods import policy_oracles as oracle

K = 4
SEEDS = st.integers(0, 2**31)


def logits(count: int, draw: torch.Generator) -> Tensor:
    return 2 * torch.randn(count, K, generator=draw)


def falling(steps: int, **changes: Any) -> FallingThreshold:
    fall = Fall(**{"scale": 1.1, "base": 1.5, "least": 0.2, "warmup": 0.3, "period": 0.2, **changes})
    return FallingThreshold(fall, num_classes=K, steps=steps, decay=0.999)


@given(SEEDS)
def test_thresholds_are_dashs(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    steps = [(logits(9, draw), logits(5, draw), torch.randint(K, (5,), generator=draw)) for _ in range(10)]
    policy = falling(10)
    found = [policy(Seen(weak, labelled, labels=labels)) for weak, labelled, labels in steps]
    given = [(weak, labelled, labels.tolist()) for weak, labelled, labels in steps]
    expected = oracle.dash(given, scale=1.1, base=1.5, least=0.2, warmup=3, period=2, ceiling=0.999, k=K)
    assert [list(zip(f.labels.tolist(), f.confident.tolist(), strict=True)) for f in found] == expected


def test_the_threshold_falls_to_its_least_value_and_is_then_one_of_confidence() -> None:
    """exp(-rho_min) of confidence: with hard pseudo-labels Dash ends as FixMatch with that tau."""
    draw = torch.Generator().manual_seed(0)
    policy, fixed = falling(100, least=0.3, warmup=0.0, period=0.0), FixedThreshold(math.exp(-0.3))
    counted = []
    for _ in range(30):
        weak = logits(200, draw)
        found = policy(Seen(weak, torch.zeros(5, K), labels=torch.zeros(5, dtype=torch.int64)))
        counted.append(int(found.confident.sum()))
    assert counted[0] == 0
    assert counted[1] > 150 > counted[-1] > 0
    assert torch.equal(found.confident, fixed(Seen(weak)).confident)


@pytest.mark.parametrize("name", ["dash", "dash-ssc"])
def test_while_warming_up_only_labelled_images_and_prototypes_are_of_a_class(name: str) -> None:
    draw = torch.Generator().manual_seed(0)
    views = Views(*(torch.randn(*size, K, generator=draw) for size in ((4,), (6,), (2, 6))))
    method = methods.make(name, {"warmup": 0.2}, num_classes=K, extent=Extent(steps=10))
    head = method.head(K, generator=draw)
    losses = [method.loss(head, views, torch.arange(4)) for _ in range(3)]
    assert [bool(loss.confident.any()) for loss in losses] == [False, False, True]
    if name == "dash":
        assert torch.equal(losses[0].total, losses[0].terms["labelled"])
        assert losses[2].terms["unlabelled"] > 0
    else:
        assert losses[0].terms["confident"] == 0
        assert losses[2].terms["confident"] > 0


def test_the_threshold_with_prototypes_starts_from_the_loss_of_cosines() -> None:
    draw = torch.Generator().manual_seed(0)
    views = Views(*(torch.randn(*size, 5, generator=draw) for size in ((4,), (6,), (2, 6))))
    method = methods.make("dash-ssc", {"pseudo_temperature": 0.2}, num_classes=K, extent=Extent(steps=10))
    head = method.head(5, generator=draw)
    method.loss(head, views, torch.arange(4))
    directions = [oracle.unit(row) for row in head.prototypes.detach().double().tolist()]
    rows = [oracle.unit(row) for row in views.labelled.double().tolist()]
    loss = oracle.mean(
        [-math.log(oracle.softmax([oracle.dot(z, p) / 0.2 for p in directions])[y]) for y, z in enumerate(rows)]
    )
    assert float(head.policy.loss.average) == pytest.approx(0.1 * math.log(K) + 0.9 * loss, rel=1e-5)


def test_what_it_wants_and_has_not_is_named() -> None:
    with pytest.raises(ValueError, match="logits of the labelled images, and labels"):
        falling(10)(Seen(torch.zeros(3, K)))
