"""CoMatch, with cross-entropy and with SSC, against loops over its formulas, over several steps."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ssc_tune import methods
from ssc_tune.methods.base import StepLoss, Views
from ssc_tune.methods.memory import Bank, MemorySmoothing, Smoothing
from ssc_tune.methods.thresholds import Seen
from tests.methods import policy_oracles as oracle

K, DIM, U, B = 3, 5, 6, 4
LABELS = torch.tensor([0, 1, 2, 0])
SEEDS = st.integers(0, 2**31)
GIVEN: dict[str, Any] = {
    "batch_size": B,
    "mu": 2,  # the memory is of 12 rows a step, of which 10 are written
    "tau": 0.6,
    "smoothing": 0.7,
    "memory_batches": 2,
    "alignment_window": 2,
    "graph_threshold": 0.4,
    "graph_weight": 0.5,
    "graph_temperature": 0.3,
}
SIZE = GIVEN["memory_batches"] * (B + GIVEN["mu"] * B)


def views(draw: torch.Generator, width: int) -> Views:
    sizes = ((B, width), (U, width), (2, U, width))
    return Views(*(2 * torch.randn(*size, generator=draw) for size in sizes))


def made(name: str, **more: Any) -> tuple[Any, Any]:
    method = methods.make(name, {**GIVEN, **more}, num_classes=K)
    return method, method.head(DIM, generator=torch.Generator().manual_seed(0))


def smoothed(steps: list[tuple[Tensor, Tensor, Tensor]]) -> list[list[oracle.Row]]:
    """q of each step from logits, embeddings of weak views and of labelled images."""
    given = [(*step, LABELS.tolist()) for step in steps]
    return oracle.comatch(given, alpha=0.7, temperature=0.3, size=SIZE, window=2, k=K)


def graph(step: Views, q: list[oracle.Row], start: int) -> float:
    first, second = step.strong[..., start:].double().tolist()
    return 0.5 * oracle.graph(first, second, q, threshold=0.4, temperature=0.3)


@given(SEEDS)
def test_comatch_is_its_formula_before_and_after_the_memory_is_full(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    method, head = made("comatch", embedding_width=DIM, unlabelled_weight=2.0)
    steps = [views(draw, K + DIM) for _ in range(5)]
    found = [method.loss(head, step, LABELS) for step in steps]
    expected = smoothed([(step.weak[:, :K], step.weak[:, K:], step.labelled[:, K:]) for step in steps])
    for step, loss, q in zip(steps, found, expected, strict=True):
        known = oracle.probabilities(step.labelled[:, :K])
        total = -oracle.mean([math.log(row[y]) for row, y in zip(known, LABELS.tolist(), strict=True)])
        for goal, row in zip(q, oracle.probabilities(step.strong[0, :, :K]), strict=True):
            if max(goal) >= 0.6:
                total -= 2 * oracle.dot(goal, [math.log(p) for p in row]) / U
        assert float(loss.total) == pytest.approx(total + graph(step, q, K), rel=2e-4)
        assert loss.pseudo_labels.tolist() == [row.index(max(row)) for row in q]
        assert loss.confident.tolist() == [max(row) >= 0.6 for row in q]
        assert float(sum(loss.terms.values())) == pytest.approx(float(loss.total), rel=1e-5)


def ssc_steps(seed: int, **more: Any) -> tuple[Any, list[Views], list[StepLoss], list[list[oracle.Row]]]:
    """A head, steps, their losses, and their q."""
    draw = torch.Generator().manual_seed(seed)
    method, head = made("comatch-ssc", pseudo_temperature=0.3, **more)
    steps = [views(draw, DIM) for _ in range(5)]
    found = [method.loss(head, step, LABELS) for step in steps]
    directions = [oracle.unit(row) for row in head.prototypes.detach().double().tolist()]

    def logits(step: Views) -> Tensor:
        rows = [oracle.unit(row) for row in step.weak.double().tolist()]
        return torch.tensor([[oracle.dot(row, other) / 0.3 for other in directions] for row in rows])

    return head, steps, found, smoothed([(logits(step), step.weak, step.labelled) for step in steps])


@given(SEEDS)
def test_comatch_with_ssc_is_ssc_with_the_memorys_pseudo_labels_and_the_graph(seed: int) -> None:
    head, steps, found, expected = ssc_steps(seed)
    plain = methods.make("ssc", {"tau": 0.6}, num_classes=K)
    for step, loss, q in zip(steps, found, expected, strict=True):
        assert loss.pseudo_labels.tolist() == [row.index(max(row)) for row in q]
        assert loss.confident.tolist() == [max(row) >= 0.6 for row in q]
        pseudo = methods.thresholds.PseudoLabels(loss.pseudo_labels, loss.confident)
        base = float(plain.loss_of(head, step, LABELS, pseudo).total.detach())
        assert float(loss.total.detach()) == pytest.approx(base + graph(step, q, 0), rel=2e-4)


@given(SEEDS)
def test_with_plain_pseudo_labels_it_is_ssc_and_the_graph(seed: int) -> None:
    head, steps, found, expected = ssc_steps(seed, pseudo_labels="plain")
    plain = methods.make("ssc", {"tau": 0.6, "pseudo_temperature": 0.3}, num_classes=K)
    head.policy = methods.thresholds.FixedThreshold(0.6)
    for step, loss, q in zip(steps, found, expected, strict=True):
        base = float(plain.loss(head, step, LABELS).total.detach())
        assert float(loss.total.detach()) == pytest.approx(base + graph(step, q, 0), rel=2e-4)


def test_without_smoothing_and_graph_and_alignment_of_one_image_it_is_near_fixmatch() -> None:
    """alpha 1 leaves the memory out; probabilities that are uniform on average stay as they are."""
    numbers = Smoothing(tau=0.5, alpha=1.0, temperature=0.2, size=20, window=1)
    policy = MemorySmoothing(numbers, num_classes=K)
    policy.hold(DIM)
    weak = 2.0 * torch.eye(K).repeat(2, 1)
    for _ in range(3):
        seen = Seen(weak, labels=LABELS, embeddings=torch.randn(6, DIM), labelled_embeddings=torch.randn(4, DIM))
        found = policy(seen)
    fixed = methods.thresholds.fixed_threshold(weak, tau=0.5)
    assert torch.equal(found.labels, fixed.labels)
    assert torch.equal(found.confident, fixed.confident)
    torch.testing.assert_close(found.targets, weak.softmax(dim=1))


def test_a_memory_holds_the_latest_rows_wherever_it_began() -> None:
    bank = Bank(7, width=2, num_classes=2)
    rows = torch.arange(24.0).view(12, 2)
    for part in rows.split(3):
        assert bool(bank.full) is (int(bank.count) >= 7)
        bank.write(part, part)
    assert sorted(bank.embeddings.tolist()) == rows[5:].tolist()
    assert torch.equal(bank.embeddings, bank.probabilities)
    with pytest.raises(ValueError, match="memory of 7 rows cannot take in 8"):
        bank.write(torch.zeros(8, 2), torch.zeros(8, 2))


def test_what_it_wants_and_has_not_is_named() -> None:
    _, head = made("comatch")
    with pytest.raises(ValueError, match="embeddings of both kinds"):
        head.policy(Seen(torch.zeros(U, K)))
