"""Threshold policies against loops over their formulas, over several steps, since most have a memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ssc_tune import methods
from ssc_tune.methods.memory import MemorySmoothing
from ssc_tune.methods.thresholds import (
    CurriculumThreshold,
    FixedThreshold,
    GaussianWeights,
    Policy,
    RelativeThreshold,
    Seen,
    SelfAdaptiveThreshold,
)
from tests.methods import policy_oracles as oracle

K, IMAGES = 4, 30
SEEDS = st.integers(0, 2**31)


def logits(count: int, draw: torch.Generator, scale: float = 3.0) -> Tensor:
    return scale * torch.randn(count, K, generator=draw)


def curriculum(**changes: Any) -> CurriculumThreshold:
    given = {"tau": 0.8, "num_classes": K, "images": IMAGES, "unlabelled": IMAGES, "warmup": True, "mapping": "convex"}
    return CurriculumThreshold(**{**given, **changes})


@given(SEEDS, st.booleans())
def test_thresholds_by_class_are_flexmatchs(seed: int, warmup: bool) -> None:
    draw = torch.Generator().manual_seed(seed)
    steps = [(logits(9, draw), torch.randperm(IMAGES, generator=draw)[:9]) for _ in range(8)]
    policy = curriculum(warmup=warmup)
    found = [policy(Seen(weak, None, indices)).confident.float().tolist() for weak, indices in steps]
    given = [(weak, indices.tolist()) for weak, indices in steps]
    assert found == oracle.flexmatch(given, tau=0.8, images=IMAGES, warmup=warmup, k=K)


@pytest.mark.parametrize(("mapping", "share"), [("convex", 1 / 3), ("linear", 0.5), ("concave", 0.5849625)])
def test_a_class_half_learnt_has_its_share_of_tau(mapping: str, share: float) -> None:
    policy = curriculum(mapping=mapping, warmup=False)
    policy.latest[:6] = torch.tensor([0, 0, 0, 0, 1, 1])
    assert policy.thresholds().tolist() == pytest.approx([0.8, 0.8 * share, 0, 0])


def test_images_not_learnt_yet_hold_thresholds_down() -> None:
    policy = curriculum()
    policy.latest[:6] = torch.tensor([0, 0, 0, 0, 1, 1])
    assert policy.thresholds().tolist() == pytest.approx([0.8 * x / (2 - x) for x in (4 / 24, 2 / 24, 0, 0)])


@given(SEEDS)
def test_flexmatch_is_fixmatch_where_all_classes_have_learnt_equally(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    policy, indices = curriculum(images=28, unlabelled=28), torch.arange(9)
    policy.latest.copy_(torch.arange(28) % K)
    weak = logits(9, draw)
    found, fixed = policy(Seen(weak, None, indices)), FixedThreshold(0.8)(Seen(weak))
    assert torch.equal(found.labels, fixed.labels)
    assert torch.equal(found.confident, fixed.confident)


def test_of_an_image_twice_in_a_step_the_later_view_counts() -> None:
    policy = curriculum()
    weak = 9.0 * torch.eye(K)[torch.tensor([2, 1, 3])]
    weak[2] = 0  # not confident
    policy(Seen(weak, None, torch.tensor([5, 5, 5])))
    assert policy.latest[5] == 1
    assert (policy.latest >= 0).sum() == 1


@given(SEEDS, st.sampled_from([0.5, 0.999]), st.integers(1, 2))
def test_self_adaptive_thresholds_and_fairness_are_freematchs(seed: int, ceiling: float, views: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    steps = [(logits(9, draw), torch.stack([logits(9, draw) for _ in range(views)])) for _ in range(5)]
    policy = SelfAdaptiveThreshold(num_classes=K, decay=ceiling, fairness_weight=0.3)
    for (weak, strong), (counted, fairness) in zip(steps, oracle.freematch(steps, ceiling=ceiling, k=K), strict=True):
        found = policy(Seen(weak))
        assert found.confident.float().tolist() == counted
        term = policy.regularizers(strong, found)["fairness"]
        assert float(term) == pytest.approx(0.3 * fairness, rel=1e-4, abs=1e-5)


def test_fairness_is_nothing_where_nothing_counts_and_has_gradients_elsewhere() -> None:
    policy = SelfAdaptiveThreshold(num_classes=K, decay=0.999, fairness_weight=1.0)
    draw = torch.Generator().manual_seed(0)
    found = policy(Seen(logits(9, draw)))
    for confident, moves in ((torch.zeros(9, dtype=torch.bool), False), (torch.ones(9, dtype=torch.bool), True)):
        strong = logits(9, draw)[None].requires_grad_()
        term = policy.regularizers(strong, found._replace(confident=confident))["fairness"]
        torch.autograd.backward(term)
        assert strong.grad is not None
        assert strong.grad.isfinite().all()
        assert bool(strong.grad.any()) is bool(term != 0) is moves


@given(SEEDS, st.sampled_from([0.5, 0.999]), st.sampled_from([1.0, 2.0]), st.booleans())
def test_weights_are_softmatchs(seed: int, ceiling: float, sigmas: float, align: bool) -> None:
    draw = torch.Generator().manual_seed(seed)
    steps = [logits(9, draw) for _ in range(5)]
    policy = GaussianWeights(num_classes=K, decay=ceiling, num_sigmas=sigmas, align=align)
    expected = oracle.softmatch(steps, ceiling=ceiling, sigmas=sigmas, align=align, k=K)
    for weak, weights in zip(steps, expected, strict=True):
        found = policy(Seen(weak))
        assert found.weights is not None
        assert found.weights.tolist() == pytest.approx(weights, rel=1e-3, abs=1e-5)
        assert torch.equal(found.labels, weak.argmax(1))
        assert torch.equal(found.confident, found.weights >= 0.5)
        assert ((found.weights > 0) & (found.weights <= 1)).all()


def test_weights_rise_with_confidence_and_reach_one() -> None:
    policy = GaussianWeights(num_classes=K, decay=0.999, num_sigmas=2.0, align=False)
    weak = torch.stack([torch.linspace(0, 8, 20), *torch.zeros(3, 20)], dim=1)
    weights = policy(Seen(weak)).weights
    assert weights is not None
    assert (weights.diff() >= 0).all()
    assert weights[0] < 0.5 < weights[-1] == 1


@pytest.mark.parametrize("count", [1, 2])
def test_weights_of_few_or_equal_images_are_finite(count: int) -> None:
    policy = GaussianWeights(num_classes=K, decay=0.0, num_sigmas=2.0, align=True)
    for _ in range(3):
        weights = policy(Seen(torch.ones(count, K))).weights
        assert weights is not None
        assert weights.tolist() == [1.0] * count


@given(SEEDS)
def test_relative_thresholds_are_adamatchs(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    steps = [(logits(9, draw), logits(5, draw)) for _ in range(5)]
    policy = RelativeThreshold(tau=0.9, num_classes=K, decay=0.5)
    for (weak, labelled), expected in zip(steps, oracle.adamatch(steps, tau=0.9, ceiling=0.5, k=K), strict=True):
        found = policy(Seen(weak, labelled))
        assert list(zip(found.labels.tolist(), found.confident.tolist(), strict=True)) == expected


def test_what_a_policy_wants_and_has_not_is_named() -> None:
    weak = torch.zeros(3, K)
    with pytest.raises(ValueError, match="indices"):
        curriculum()(Seen(weak))
    with pytest.raises(ValueError, match="labelled"):
        RelativeThreshold(tau=0.9, num_classes=K, decay=0.5)(Seen(weak))
    with pytest.raises(NotImplementedError):
        Policy()(Seen(weak))


def _policy(name: str) -> Policy | None:
    kind = methods.get(name)
    extent = methods.Extent(images=IMAGES, unlabelled=IMAGES, steps=10)
    made = kind(kind.Hyperparameters(), num_classes=K, extent=extent)
    head = made.head(8, generator=torch.Generator().manual_seed(0))
    return head.policy if type(head.policy) is not Policy else None


@pytest.mark.parametrize("name", [name for name in methods.names if _policy(name) is not None])
def test_the_memory_of_a_policy_is_in_buffers_that_stay_in_place(name: str) -> None:
    """So that a checkpoint continues it and a captured step finds it."""
    draw = torch.Generator().manual_seed(1)
    one, other = _policy(name), _policy(name)
    assert one is not None
    assert other is not None
    before = {key: value.data_ptr() for key, value in one.state_dict().items()}
    width = one.bank.embeddings.shape[1] if isinstance(one, MemorySmoothing) else 2
    seen = [
        Seen(
            logits(9, draw),
            logits(5, draw),
            torch.randperm(IMAGES, generator=draw)[:9],
            torch.randint(K, (5,), generator=draw),
            torch.randn(9, width, generator=draw),
            torch.randn(5, width, generator=draw),
        )
        for _ in range(6)
    ]
    for step in seen[:3]:
        one(step)
    other.load_state_dict({key: value.clone() for key, value in one.state_dict().items()})
    for step in seen[3:]:
        for a, b in zip(one(step), other(step), strict=True):
            assert (a is None and b is None) or torch.equal(a, b)
    assert {key: value.data_ptr() for key, value in one.state_dict().items()} == before
