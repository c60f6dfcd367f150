"""ssc_loss against nested loops, and its behaviour at the edges: empty roles, weights at 0, precision, compilation."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from ssc_tune.losses import fixmatch_terms, nt_xent_loss, ssc_loss, ssc_terms, supcon_loss
from tests.losses.loss_oracles import ssc, ssc_shares
from tests.making.batches import Batch, batches, make_batch, mixed_batch, weights

WEIGHT_NAMES = ("prototype_weight", "confident_weight", "unconfident_weight")
any_weight = st.sampled_from([0.0, 0.2, 1.0, 2.5])


def gradients(batch: Batch, **options: Any) -> list[Tensor]:
    """Gradients with respect to prototypes, labelled and strong."""
    leaves = [t.detach().clone().requires_grad_() for t in (batch.prototypes, batch.labelled, batch.strong)]
    torch.autograd.backward(
        ssc_loss(leaves[0], leaves[1], batch.labels, leaves[2], batch.pseudo_labels, batch.confident, **options)
    )
    return [leaf.grad for leaf in leaves if leaf.grad is not None]


@given(batches(), st.sampled_from([0.05, 0.1, 0.5, 1.0]), any_weight, any_weight, any_weight)
def test_equals_nested_loops(batch: Batch, temperature: float, first: float, second: float, third: float) -> None:
    options: dict[str, Any] = dict(
        zip(("temperature", *WEIGHT_NAMES), (temperature, first, second, third), strict=True)
    )
    value = ssc_loss(*batch, **options)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(ssc(*batch, **options), rel=1e-5, abs=1e-6 / temperature)


@pytest.mark.parametrize("unconfident_weight", [0.0, 0.2, 1.0])
def test_equals_nested_loops_to_1e_5_relative(unconfident_weight: float) -> None:
    batch = make_batch(10, 16, 40, 32, seed=1)
    options = weights(unconfident_weight=unconfident_weight)
    expected = ssc(*batch, **options)
    assert ssc_loss(*batch, **options).item() == pytest.approx(expected, rel=1e-5)
    exact = Batch(*(t.double() if t.is_floating_point() else t for t in batch))
    assert ssc_loss(*exact, **options).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("share", [0.0, 1.1])
@pytest.mark.parametrize(("b", "u"), [(0, 0), (0, 5), (4, 0), (4, 5)])
def test_empty_roles(b: int, u: int, share: float) -> None:
    batch = make_batch(3, b, u, 6, seed=2, confident=share)
    assert ssc_loss(*batch, **weights()).item() == pytest.approx(ssc(*batch, **weights()), rel=1e-5, abs=1e-6)
    for gradient in gradients(batch, **weights()):
        assert gradient.isfinite().all()


def test_pseudo_labels_of_unconfident_images_are_never_read() -> None:
    batch = mixed_batch()
    nonsense = batch._replace(pseudo_labels=torch.where(batch.confident, batch.pseudo_labels, 10**6))
    assert torch.equal(ssc_loss(*batch, **weights()), ssc_loss(*nonsense, **weights()))


@given(batches(dtype=torch.float64), any_weight, any_weight, any_weight)
def test_terms_are_the_roles_parts_and_add_up(batch: Batch, first: float, second: float, third: float) -> None:
    options = weights(prototype_weight=first, confident_weight=second, unconfident_weight=third)
    terms = ssc_terms(*batch, **options)
    shares = ssc_shares(*batch, **options)
    k, b = batch.prototypes.shape[0], batch.labelled.shape[0]
    views = list(zip(shares[k + b :], batch.confident.repeat(2).tolist(), strict=True))
    expected = (
        sum(shares[:k]),
        sum(shares[k : k + b]),
        sum(share for share, sure in views if sure),
        sum(share for share, sure in views if not sure),
    )
    assert [term.item() for term in terms[1:]] == pytest.approx(expected, rel=1e-9, abs=1e-11)
    assert terms.total.item() == pytest.approx(sum(expected), rel=1e-9, abs=1e-11)


@given(batches(min_b=2, dtype=torch.float64), st.sampled_from(WEIGHT_NAMES), any_weight, any_weight)
def test_is_continuous_in_every_weight_at_zero(batch: Batch, name: str, first: float, second: float) -> None:
    """The other weights may be 0 too; two labelled rows of one class keep the sum of all weights positive."""
    batch.labels[1] = batch.labels[0]
    options = weights(**dict(zip([n for n in WEIGHT_NAMES if n != name], (first, second), strict=True)))
    at_zero = ssc_loss(*batch, **{**options, name: 0.0}).item()
    # |L(w) - L(0)| = w |b c - a d| / (c (c + w d)) <= w * rows * max l, for sums of weights c >= 1 without the role.
    rows = batch.prototypes.shape[0] + batch.labelled.shape[0] + 2 * batch.confident.shape[0]
    bound = 1e-7 * rows * (2 / 0.1 + 4)  # l_i <= 2 / T + log N
    assert abs(ssc_loss(*batch, **{**options, name: 1e-7}).item() - at_zero) <= bound
    for near, exact in zip(
        gradients(batch, **{**options, name: 1e-9}), gradients(batch, **{**options, name: 0.0}), strict=True
    ):
        torch.testing.assert_close(near, exact, rtol=1e-5, atol=1e-5)


def test_does_not_jump_where_the_authors_reduction_does() -> None:
    """Theirs averages the terms that are not zero: sum(w l) / sum(w) * N / M, N rows, M of them with a term."""
    losses = pytest.importorskip("pytorch_metric_learning.losses")
    reducers = pytest.importorskip("pytorch_metric_learning.reducers")
    batch = mixed_batch()._replace(pseudo_labels=torch.tensor([0, 1, 4, 2, 3, 3]))  # every prototype has a positive
    k = batch.prototypes.shape[0]
    own = torch.where(batch.confident, batch.pseudo_labels, k + torch.arange(6))
    labels = torch.cat([torch.arange(k), batch.labels, own, own])
    rows = torch.cat([batch.prototypes, batch.labelled, *batch.strong])

    def theirs(unconfident_weight: float) -> float:
        view = torch.where(batch.confident, 1.0, unconfident_weight)
        w = torch.cat([torch.ones(k + 5), view, view])
        terms = losses.SupConLoss(temperature=0.1, reducer=reducers.DoNothingReducer())(rows, labels)["loss"]["losses"]
        weighted = len(w) * w * terms / w.sum()
        return float(weighted.sum() / (weighted > 0).sum())

    def ours(unconfident_weight: float) -> float:
        return ssc_loss(*batch, **weights(unconfident_weight=unconfident_weight)).item()

    for weight in (1e-6, 0.2, 1.0):
        assert ours(weight) == pytest.approx(theirs(weight), rel=1e-5)
    n, m = len(labels), len(labels) - 2 * int((~batch.confident).sum())
    assert theirs(0.0) / theirs(1e-6) == pytest.approx(n / m, rel=1e-4)  # their jump
    assert ours(0.0) == pytest.approx(ours(1e-6), rel=1e-4)


@pytest.mark.parametrize("name", WEIGHT_NAMES)
def test_without_any_weight_on_a_matched_anchor_loss_and_gradients_are_zero(name: str) -> None:
    batch = mixed_batch()
    # No labelled rows, and every weight 0.
    batch = batch._replace(labelled=batch.labelled[:0], labels=batch.labels[:0])
    options = weights(prototype_weight=0.0, confident_weight=0.0, unconfident_weight=0.0)
    assert ssc_loss(*batch, **options).item() == 0
    for gradient in gradients(batch, **options):
        assert torch.equal(gradient, torch.zeros_like(gradient))
    assert ssc_loss(*batch, **{**options, name: 1.0}).item() > 0


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_gradients_equal_finite_differences(temperature: float) -> None:
    batch = mixed_batch(torch.float64)
    scalars = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (temperature, 0.7, 0.0, 0.2)]

    def loss(prototypes: Tensor, labelled: Tensor, strong: Tensor, *numbers: Tensor) -> Tensor:
        options = dict(zip(("temperature", *WEIGHT_NAMES), numbers, strict=True))
        return ssc_loss(prototypes, labelled, batch.labels, strong, batch.pseudo_labels, batch.confident, **options)

    leaves = [t.requires_grad_() for t in (batch.prototypes, batch.labelled, batch.strong)]
    assert torch.autograd.gradcheck(loss, (*leaves, *scalars))


@given(batches(min_b=1, dtype=torch.float64), st.integers(0, 2**31))
def test_is_invariant_to_the_order_of_images(batch: Batch, seed: int) -> None:
    g = torch.Generator().manual_seed(seed)
    b, u = torch.randperm(len(batch.labels), generator=g), torch.randperm(len(batch.confident), generator=g)
    shuffled = Batch(
        batch.prototypes,
        batch.labelled[b],
        batch.labels[b],
        batch.strong[:, u].flip(0),
        batch.pseudo_labels[u],
        batch.confident[u],
    )
    torch.testing.assert_close(ssc_loss(*shuffled, **weights()), ssc_loss(*batch, **weights()), rtol=1e-11, atol=1e-12)


@given(batches(min_b=1, dtype=torch.float64), st.integers(0, 2**31))
def test_is_invariant_to_the_names_of_classes(batch: Batch, seed: int) -> None:
    k = batch.prototypes.shape[0]
    new_name = torch.randperm(k, generator=torch.Generator().manual_seed(seed))  # class c becomes new_name[c]
    renamed = batch._replace(
        prototypes=batch.prototypes[new_name.argsort()],
        labels=new_name[batch.labels],
        pseudo_labels=new_name[batch.pseudo_labels],
    )
    torch.testing.assert_close(ssc_loss(*renamed, **weights()), ssc_loss(*batch, **weights()), rtol=1e-11, atol=1e-12)


def test_bfloat16_embeddings_with_float32_prototypes_under_autocast() -> None:
    batch = make_batch(10, 16, 60, 32, seed=4)
    half = batch._replace(labelled=batch.labelled.bfloat16(), strong=batch.strong.bfloat16())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = ssc_loss(*half, **weights())
    assert value.dtype == torch.float32
    rounded = half._replace(labelled=half.labelled.float(), strong=half.strong.float())
    assert value.item() == pytest.approx(ssc(*rounded, **weights()), rel=1e-5)
    assert value.item() == pytest.approx(ssc(*batch, **weights()), rel=5e-3)


def test_numbers_and_tensors_are_the_same_as_options() -> None:
    batch = mixed_batch()
    options = weights()
    tensors = {name: torch.tensor(value) for name, value in options.items()}
    torch.testing.assert_close(ssc_loss(*batch, **options), ssc_loss(*batch, **tensors))


def test_no_operation_depends_on_the_values_of_tensors() -> None:
    """On fake tensors, which have no values, reading one or indexing by a mask raises."""
    with FakeTensorMode():
        batch = Batch(
            torch.empty(4, 8, requires_grad=True),
            torch.empty(5, 8),
            torch.empty(5, dtype=torch.int64),
            torch.empty(2, 6, 8),
            torch.empty(6, dtype=torch.int64),
            torch.empty(6, dtype=torch.bool),
        )
        options = {name: torch.empty(()) for name in weights()}
        torch.autograd.backward(ssc_loss(*batch, **options))
        torch.autograd.backward(
            supcon_loss(batch.prototypes, torch.empty(4, dtype=torch.int64), temperature=torch.empty(()))
        )
        torch.autograd.backward(nt_xent_loss(batch.prototypes, torch.empty(4, 8), temperature=torch.empty(())))
        strong, pseudo_labels, confident = batch[3:]
        fixmatch_terms(
            batch.labelled, batch.labels, strong, pseudo_labels, confident, unlabelled_weight=torch.empty(())
        )


def test_stacked_batches_under_vmap_equal_separate_ones() -> None:
    stacked = [torch.stack(parts) for parts in zip(*(make_batch(4, 5, 6, 8, seed=s) for s in range(3)), strict=True)]

    def value_and_gradient(*batch: Tensor) -> tuple[Tensor, Tensor]:
        gradient, value = torch.func.grad_and_value(lambda p: ssc_loss(p, *batch[1:], **weights()))(batch[0])
        return value, gradient

    values, gradient = torch.func.vmap(value_and_gradient)(*stacked)
    for s in range(3):
        value, one = value_and_gradient(*(part[s] for part in stacked))
        torch.testing.assert_close(values[s], value)
        torch.testing.assert_close(gradient[s], one)


@pytest.mark.slow
def test_compiles_into_one_graph() -> None:
    compiled = torch.compile(ssc_loss, fullgraph=True)
    for share in (0.0, 0.5, 1.1):  # the same shapes: nothing is compiled twice for other data
        batch = make_batch(5, 6, 12, 16, seed=5, confident=share)
        leaf, again = (batch.prototypes.clone().requires_grad_() for _ in range(2))
        value, expected = compiled(leaf, *batch[1:], **weights()), ssc_loss(again, *batch[1:], **weights())
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-6)
        torch.autograd.backward(value)
        torch.autograd.backward(expected)
        torch.testing.assert_close(leaf.grad, again.grad, rtol=1e-4, atol=1e-6)


def test_wrong_arguments_are_named() -> None:
    batch = mixed_batch()
    with pytest.raises(ValueError, match=r"strong \(2, U, D\).*\(3, 6, 8\)"):
        ssc_loss(*batch._replace(strong=torch.zeros(3, 6, 8)), **weights())
    with pytest.raises(ValueError, match=r"\(4,\)"):
        ssc_loss(*batch._replace(labels=batch.labels[:4]), **weights())
    with pytest.raises(ValueError, match="bool mask"):
        ssc_loss(*batch._replace(confident=torch.ones(6)), **weights())
    with pytest.raises(ValueError, match="must be positive"):
        ssc_loss(*batch, **weights(temperature=-0.1))
