"""fixmatch_terms against nested loops and finite differences."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ssc_tune.losses import fixmatch_terms
from tests.losses.loss_oracles import fixmatch

Arguments = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def fixmatch_loss(*batch: Tensor, unlabelled_weight: float | Tensor) -> Tensor:
    """The loss without its parts."""
    return fixmatch_terms(*batch, unlabelled_weight=unlabelled_weight).total


def arguments(b: int, u: int, k: int, views: int | None, seed: int, dtype: torch.dtype = torch.float32) -> Arguments:
    g = torch.Generator().manual_seed(seed)
    strong = (u, k) if views is None else (views, u, k)
    return (
        3 * torch.randn(b, k, generator=g, dtype=dtype),
        torch.randint(k, (b,), generator=g),
        3 * torch.randn(strong, generator=g, dtype=dtype),
        torch.randint(k, (u,), generator=g),
        torch.rand(u, generator=g) < 0.5,
    )


@given(
    st.integers(0, 6),
    st.integers(0, 7),
    st.integers(1, 6),
    st.sampled_from([None, 1, 2, 3]),
    st.integers(0, 2**31),
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
)
def test_equals_nested_loops(b: int, u: int, k: int, views: int | None, seed: int, weight: float) -> None:
    batch = arguments(b, u, k, views, seed)
    value = fixmatch_loss(*batch, unlabelled_weight=weight)
    assert value.item() == pytest.approx(fixmatch(*batch, unlabelled_weight=weight), rel=1e-5, abs=1e-6)


def test_the_unlabelled_term_divides_by_all_images_and_adds_views() -> None:
    labelled, labels, strong, pseudo_labels, _ = arguments(4, 8, 5, 2, 1, torch.float64)
    some = torch.arange(8) < 3
    terms = fixmatch_terms(labelled, labels, strong, pseudo_labels, some, unlabelled_weight=2.0)
    by_view = [torch.nn.functional.cross_entropy(view[:3], pseudo_labels[:3], reduction="sum") / 8 for view in strong]
    torch.testing.assert_close(terms.unlabelled, 2 * (by_view[0] + by_view[1]))
    torch.testing.assert_close(terms.labelled, torch.nn.functional.cross_entropy(labelled, labels))
    torch.testing.assert_close(terms.total, terms.labelled + terms.unlabelled)


def test_pseudo_labels_of_unconfident_images_are_never_read() -> None:
    labelled, labels, strong, pseudo_labels, confident = arguments(4, 8, 5, 2, 2)
    nonsense = torch.where(confident, pseudo_labels, 10**6)
    assert torch.equal(
        fixmatch_loss(labelled, labels, strong, nonsense, confident, unlabelled_weight=1.0),
        fixmatch_loss(labelled, labels, strong, pseudo_labels, confident, unlabelled_weight=1.0),
    )


def test_unconfident_images_get_no_gradient_and_labels_no_share() -> None:
    labelled, labels, strong, pseudo_labels, confident = arguments(4, 8, 5, 2, 3)
    strong.requires_grad_()
    torch.autograd.backward(fixmatch_loss(labelled, labels, strong, pseudo_labels, confident, unlabelled_weight=1.0))
    assert strong.grad is not None
    assert torch.equal(strong.grad.abs().sum(dim=(0, 2)) > 0, confident)


def test_gradients_equal_finite_differences() -> None:
    labelled, labels, strong, pseudo_labels, confident = arguments(3, 4, 3, 2, 4, torch.float64)
    weight = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)

    def loss(a: Tensor, b: Tensor, w: Tensor) -> Tensor:
        return fixmatch_loss(a, labels, b, pseudo_labels, confident, unlabelled_weight=w)

    assert torch.autograd.gradcheck(loss, (labelled.requires_grad_(), strong.requires_grad_(), weight))


def test_half_precision_logits_are_accumulated_in_float32() -> None:
    labelled, labels, strong, pseudo_labels, confident = arguments(64, 200, 10, 2, 5)
    rounded = (labelled.bfloat16(), labels, strong.bfloat16(), pseudo_labels, confident)
    value = fixmatch_loss(*rounded, unlabelled_weight=1.0)
    assert value.dtype == torch.float32
    exact = fixmatch(*(t.float() if t.is_floating_point() else t for t in rounded), unlabelled_weight=1.0)
    assert value.item() == pytest.approx(exact, rel=1e-5)


def test_wrong_shapes_are_named() -> None:
    labelled, labels, strong, pseudo_labels, confident = arguments(4, 8, 5, 2, 6)
    with pytest.raises(ValueError, match=r"strong_logits \(U, K\) or \(V, U, K\).*\(2, 8, 4\)"):
        fixmatch_loss(labelled, labels, strong[..., :4], pseudo_labels, confident, unlabelled_weight=1.0)
