"""supcon_loss against nested loops, pytorch-metric-learning and finite differences."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ssc_tune.losses import supcon_loss
from tests.losses.loss_oracles import supcon


def rows(n: int, d: int, seed: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@given(
    st.integers(1, 9),
    st.integers(2, 8),
    st.integers(0, 2**31),
    st.sampled_from([0.05, 0.1, 0.5, 1.0, 3.0]),
    st.data(),
)
def test_equals_nested_loops(n: int, d: int, seed: int, temperature: float, data: st.DataObject) -> None:
    labels = data.draw(st.lists(st.integers(-2, 2), min_size=n, max_size=n))
    weights = data.draw(st.lists(st.sampled_from([0.0, 0.2, 1.0, 3.0]), min_size=n, max_size=n))
    z = rows(n, d, seed)
    value = supcon_loss(z, torch.tensor(labels), temperature=temperature, weights=torch.tensor(weights))
    assert value.dtype == torch.float32
    # Absolute part: float32 rounding of cosines divided by the temperature.
    assert value.item() == pytest.approx(supcon(z, labels, temperature, weights), rel=1e-5, abs=1e-6 / temperature)


@pytest.mark.parametrize(("n", "d", "classes"), [(60, 16, 4), (110, 32, 10)])
def test_equals_nested_loops_to_1e_5_relative(n: int, d: int, classes: int) -> None:
    z = rows(n, d, 5)
    labels = torch.randint(classes, (n,), generator=torch.Generator().manual_seed(6))
    expected = supcon(z, labels.tolist(), 0.1, [1.0] * n)
    assert supcon_loss(z, labels, temperature=0.1).item() == pytest.approx(expected, rel=1e-5)
    assert supcon_loss(z.double(), labels, temperature=0.1).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("temperature", [0.05, 0.1, 1.0])
def test_equals_pytorch_metric_learning_with_its_non_zero_reducer(temperature: float) -> None:
    losses = pytest.importorskip("pytorch_metric_learning.losses")
    z, labels = rows(20, 8, 1), torch.tensor([0] * 6 + [1] * 5 + [2] * 7 + [3, 4])  # 3 and 4 have no positive
    theirs = losses.SupConLoss(temperature=temperature)(z, labels)  # default: mean of the terms that are not zero
    torch.testing.assert_close(supcon_loss(z, labels, temperature=temperature), theirs, rtol=1e-5, atol=1e-6)


def test_weighted_equals_pytorch_metric_learning_term_by_term() -> None:
    losses = pytest.importorskip("pytorch_metric_learning.losses")
    reducers = pytest.importorskip("pytorch_metric_learning.reducers")
    z, labels = rows(18, 8, 2), torch.tensor([0] * 6 + [1] * 6 + [2] * 6)
    weights = torch.rand(18, generator=torch.Generator().manual_seed(3))
    terms = losses.SupConLoss(temperature=0.2, reducer=reducers.DoNothingReducer())(z, labels)["loss"]["losses"]
    ours = supcon_loss(z, labels, temperature=0.2, weights=weights)
    torch.testing.assert_close(ours, (weights * terms).sum() / weights.sum(), rtol=1e-5, atol=1e-6)


def test_two_equal_rows_and_an_orthogonal_one_in_closed_form() -> None:
    z = torch.tensor([[2.0, 0.0], [3.0, 0.0], [0.0, 5.0]])
    expected = math.log(math.exp(1 / 0.1) + 1) - 1 / 0.1  # both anchors of label 7
    value = supcon_loss(z.double(), torch.tensor([7, 7, -1]), temperature=0.1)
    assert value.item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_the_length_of_embeddings_does_not_matter(scale: float) -> None:
    z, labels = rows(12, 5, 4), torch.arange(12) % 3
    lengths = scale * torch.arange(1, 13).unsqueeze(1)
    torch.testing.assert_close(
        supcon_loss(z * lengths, labels, temperature=0.1), supcon_loss(z, labels, temperature=0.1)
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_equal_finite_differences(weighted: bool) -> None:
    z = rows(7, 4, 8, torch.float64).requires_grad_()
    labels = torch.tensor([0, 0, 1, 1, 1, 2, 3])
    weights = torch.linspace(0, 2, 7, dtype=torch.float64).requires_grad_() if weighted else None
    temperature = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)

    def loss(*inputs: Tensor) -> Tensor:
        return supcon_loss(inputs[0], labels, temperature=inputs[1], weights=inputs[2] if weighted else None)

    assert torch.autograd.gradcheck(loss, (z, temperature, *([weights] if weights is not None else [])))


def test_gradients_stay_finite_and_right_at_a_small_temperature() -> None:
    z = rows(40, 6, 9).requires_grad_()
    labels = torch.arange(40) % 4
    torch.autograd.backward(supcon_loss(z, labels, temperature=0.01))
    exact = z.detach().double().requires_grad_()
    torch.autograd.backward(supcon_loss(exact, labels, temperature=0.01))
    assert z.grad is not None
    assert exact.grad is not None
    torch.testing.assert_close(z.grad, exact.grad.float(), rtol=1e-3, atol=1e-4)
    value = supcon_loss(exact, labels, temperature=0.01).item()
    assert value == pytest.approx(supcon(z, labels.tolist(), 0.01, [1.0] * 40), rel=1e-10)


@pytest.mark.parametrize(
    ("labels", "weights"),
    [
        ([0, 1, 2, 3], [1.0] * 4),
        ([0, 0, 1, 2], [0.0, 0.0, 1.0, 1.0]),
        ([0, 0, 0, 0], [0.0] * 4),
        ([5], [1.0]),
        ([], []),
    ],
)
def test_without_weight_on_any_matched_anchor_loss_and_gradients_are_zero(
    labels: list[int], weights: list[float]
) -> None:
    z = rows(len(labels), 3, 10).requires_grad_()
    value = supcon_loss(z, torch.tensor(labels, dtype=torch.int64), temperature=0.1, weights=torch.tensor(weights))
    torch.autograd.backward(value)
    assert value.item() == 0
    assert z.grad is not None
    assert torch.equal(z.grad, torch.zeros_like(z))


@given(st.integers(0, 2**31))
def test_is_invariant_to_the_order_of_rows(seed: int) -> None:
    z, labels = rows(11, 4, seed, torch.float64), torch.arange(11) % 4
    weights = torch.linspace(0.1, 2, 11, dtype=torch.float64)
    order = torch.randperm(11, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(
        supcon_loss(z[order], labels[order], temperature=0.1, weights=weights[order]),
        supcon_loss(z, labels, temperature=0.1, weights=weights),
        rtol=1e-12,
        atol=0,
    )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("autocast", [False, True])
def test_half_precision_embeddings_are_accumulated_in_float32(dtype: torch.dtype, autocast: bool) -> None:
    z, labels = rows(200, 16, 11).to(dtype), torch.arange(200) % 5
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        value = supcon_loss(z, labels, temperature=0.1)
    assert value.dtype == torch.float32
    # The oracle sees the rounded embeddings: what is left is the error of the accumulation alone.
    assert value.item() == pytest.approx(supcon(z.float(), labels.tolist(), 0.1, [1.0] * 200), rel=1e-5)


def test_backward_under_autocast_keeps_float32() -> None:
    z, labels = rows(64, 16, 12), torch.arange(64) % 5
    inside, outside = z.clone().requires_grad_(), z.clone().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.autograd.backward(supcon_loss(inside, labels, temperature=0.1))
    torch.autograd.backward(supcon_loss(outside, labels, temperature=0.1))
    assert inside.grad is not None
    assert outside.grad is not None
    assert (inside.grad - outside.grad).norm() < 1e-3 * outside.grad.norm()


def test_wrong_shapes_and_temperatures_are_named() -> None:
    z = rows(4, 3, 0)
    with pytest.raises(ValueError, match=r"labels and weights \(N,\).*\(3,\)"):
        supcon_loss(z, torch.arange(3), temperature=0.1)
    with pytest.raises(ValueError, match=r"\(5,\)"):
        supcon_loss(z, torch.arange(4), temperature=0.1, weights=torch.ones(5))
    with pytest.raises(ValueError, match=r"temperature \(0\.0\) must be positive"):
        supcon_loss(z, torch.arange(4), temperature=0.0)
