"""CoMatch's contrast of graphs against loops over its formula, and its limits."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune import losses
from tests.methods import policy_oracles as oracle

SEEDS = st.integers(0, 2**31)


def drawn(seed: int, count: int = 6, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    draw = torch.Generator().manual_seed(seed)
    first, second = torch.randn(2, count, 5, generator=draw, dtype=dtype)
    return first, second, (3 * torch.randn(count, 3, generator=draw, dtype=dtype)).softmax(dim=1)


@given(SEEDS, st.sampled_from([0.0, 0.4, 0.8]), st.sampled_from([0.1, 0.2, 1.0]))
def test_it_is_its_formula(seed: int, threshold: float, temperature: float) -> None:
    first, second, q = drawn(seed)
    found = losses.graph_loss(first, second, q, threshold=threshold, temperature=temperature)
    rows = (part.tolist() for part in (first, second, q))
    expected = oracle.graph(*rows, threshold=threshold, temperature=temperature)
    assert float(found) == pytest.approx(expected, rel=1e-9)


@given(SEEDS)
def test_without_neighbours_it_is_the_contrast_of_both_views(seed: int) -> None:
    first, second, _ = drawn(seed)
    each = torch.eye(6, dtype=torch.float64)
    found = losses.graph_loss(first, second, each, threshold=0.5, temperature=0.2)
    logits = F.normalize(first, dim=1) @ F.normalize(second, dim=1).T / 0.2
    torch.testing.assert_close(found, F.cross_entropy(logits, torch.arange(6)))


@given(SEEDS)
def test_pseudo_labels_get_no_gradient_and_embeddings_do(seed: int) -> None:
    first, second, q = (part.requires_grad_() for part in drawn(seed, dtype=torch.float32))
    torch.autograd.backward(losses.graph_loss(first, second, q, threshold=0.3, temperature=0.2))
    assert q.grad is None
    for view in (first, second):
        assert view.grad is not None
        assert view.grad.isfinite().all()
        assert view.grad.any()


def test_no_image_is_no_loss() -> None:
    first, second, q = (part.requires_grad_() for part in drawn(0, 0))
    loss = losses.graph_loss(first, second, q, threshold=0.8, temperature=0.2)
    assert loss == 0
    torch.autograd.backward(loss)


def test_errors_say_what_is_wanted() -> None:
    first, second, q = drawn(0)
    with pytest.raises(ValueError, match=r"both views must be \(U, D\)"):
        losses.graph_loss(first, second[1:], q, threshold=0.8, temperature=0.2)
    with pytest.raises(ValueError, match=r"\(U, K\)"):
        losses.graph_loss(first, second, q[1:], threshold=0.8, temperature=0.2)
    with pytest.raises(ValueError, match="temperature"):
        losses.graph_loss(first, second, q, threshold=0.8, temperature=0.0)


@given(SEEDS)
def test_cross_entropy_with_soft_targets_is_its_formula(seed: int) -> None:
    logits, _, q = drawn(seed)
    confident = q.max(dim=1).values >= 0.7
    found = losses.soft_cross_entropy(logits[:, :3], q, confident)
    expected = 0.0
    for row, goal, counts in zip(oracle.probabilities(logits[:, :3]), q.tolist(), confident.tolist(), strict=True):
        expected -= counts * math.fsum(a * math.log(b) for a, b in zip(goal, row, strict=True)) / 6
    assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-12)
