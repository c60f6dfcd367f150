"""nt_xent_loss against nested loops, pytorch-metric-learning and finite differences."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ssc_tune.losses import nt_xent_loss
from tests.losses.loss_oracles import nt_xent


def views(n: int, d: int, seed: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(2, n, d, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@given(st.integers(1, 7), st.integers(2, 8), st.integers(0, 2**31), st.sampled_from([0.05, 0.1, 0.5, 1.0]))
def test_equals_nested_loops(n: int, d: int, seed: int, temperature: float) -> None:
    first, second = views(n, d, seed)
    value = nt_xent_loss(first, second, temperature=temperature)
    assert value.item() == pytest.approx(nt_xent(first, second, temperature), rel=1e-5, abs=1e-6 / temperature)


def test_equals_nested_loops_to_1e_5_relative() -> None:
    first, second = views(50, 16, 1)
    assert nt_xent_loss(first, second, temperature=0.1).item() == pytest.approx(nt_xent(first, second, 0.1), rel=1e-5)


def test_equals_pytorch_metric_learning() -> None:
    losses = pytest.importorskip("pytorch_metric_learning.losses")
    first, second = views(30, 16, 2)
    theirs = losses.NTXentLoss(temperature=0.2)(torch.cat([first, second]), torch.arange(30).repeat(2))
    torch.testing.assert_close(nt_xent_loss(first, second, temperature=0.2), theirs, rtol=1e-5, atol=0)


def test_gradients_equal_finite_differences() -> None:
    first, second = views(4, 3, 3, torch.float64)
    inputs = (first.requires_grad_(), second.clone().requires_grad_())
    assert torch.autograd.gradcheck(lambda a, b: nt_xent_loss(a, b, temperature=0.2), inputs)


def test_no_images_give_zero_loss_and_gradients() -> None:
    empty = torch.zeros(0, 4, requires_grad=True)
    value = nt_xent_loss(empty, torch.zeros(0, 4), temperature=0.1)
    torch.autograd.backward(value)
    assert value.item() == 0
    assert empty.grad is not None


def test_views_of_different_shapes_are_named() -> None:
    with pytest.raises(ValueError, match=r"\(3, 2\) and \(4, 2\)"):
        nt_xent_loss(torch.zeros(3, 2), torch.zeros(4, 2), temperature=0.1)
