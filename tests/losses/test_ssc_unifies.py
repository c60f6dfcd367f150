"""What the paper ties together: SSC is SupCon with anchors, cross-entropy, and NT-Xent, each under its conditions.

The equivalence with cross-entropy holds under several conditions. One test checks it with all of them; each of the
others drops one and checks that the difference is at least what a closed form says, so that the condition is needed.
With norm-1 rows and T = 1 each exponential lies in [1/e, e], hence every softmax probability over K prototypes is at
least e^-2 / K: the lower bounds below follow from that.
"""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ssc_tune.losses import nt_xent_loss, ssc_loss, supcon_loss
from tests.making.batches import Batch, batches, weights

shapes = (st.integers(2, 8), st.integers(2, 10), st.integers(0, 2**31))


@given(batches(dtype=torch.float64), st.sampled_from([0.05, 0.1, 1.0]))
def test_with_labelled_images_and_prototypes_alone_it_is_supcon_with_anchors(batch: Batch, temperature: float) -> None:
    none = batch._replace(
        strong=batch.strong[:, :0], pseudo_labels=batch.pseudo_labels[:0], confident=batch.confident[:0]
    )
    rows = torch.cat([batch.prototypes, batch.labelled])
    labels = torch.cat([torch.arange(len(batch.prototypes)), batch.labels])
    torch.testing.assert_close(
        ssc_loss(*none, **weights(temperature=temperature)),
        supcon_loss(rows, labels, temperature=temperature),
        rtol=1e-10,
        atol=1e-11,
    )


@given(st.integers(1, 8), st.integers(2, 8), st.integers(0, 2**31), st.sampled_from([0.05, 0.1, 1.0]))
def test_with_all_unconfident_and_no_labels_it_is_nt_xent(n: int, d: int, seed: int, temperature: float) -> None:
    """Without prototypes, that is: SupCon of the unconfident rows, whose labels are one an image."""
    first, second = torch.randn(2, n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    rows, labels = torch.cat([first, second]), torch.arange(n).repeat(2)
    torch.testing.assert_close(
        supcon_loss(rows, labels, temperature=temperature),
        nt_xent_loss(first, second, temperature=temperature),
        rtol=1e-10,
        atol=1e-11,
    )


@given(st.integers(1, 8), st.integers(2, 8), st.integers(0, 2**31))
def test_ssc_itself_tends_to_nt_xent_as_its_prototypes_leave_the_denominators(n: int, d: int, seed: int) -> None:
    """The prototypes have no positive, so they are no anchors; opposite to all images they add next to nothing.

    In a last dimension the images are at +1 and the only prototype at -1; the cosine with it is at most that of the
    images' largest angle, and exp((cos_prototype - cos_others) / T) vanishes.
    """
    images = 0.1 * torch.randn(2, n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    strong = torch.cat([F.normalize(images, dim=2) * 0.1, torch.ones(2, n, 1, dtype=torch.float64)], dim=2)
    prototype = torch.tensor([[0.0] * d + [-1.0]], dtype=torch.float64)
    empty = torch.zeros(0, d + 1, dtype=torch.float64)
    value = ssc_loss(
        prototype,
        empty,
        torch.zeros(0, dtype=torch.int64),
        strong,
        torch.zeros(n, dtype=torch.int64),
        torch.zeros(n, dtype=torch.bool),
        **weights(),
    )
    expected = nt_xent_loss(strong[0], strong[1], temperature=0.1)
    torch.testing.assert_close(value, expected, rtol=1e-6, atol=1e-6)


def one_by_one(prototypes: Tensor, labelled: Tensor, labels: Tensor, *, temperature: float = 1.0) -> Tensor:
    """Mean over images of SSC of the prototypes and that image, only the image being an anchor.

    So its only positive is its own prototype, and its denominator holds the prototypes and nothing else.
    """
    nothing = (torch.zeros(2, 0, labelled.shape[1]).double(), labels[:0], torch.zeros(0, dtype=torch.bool))
    options = weights(temperature=temperature, prototype_weight=0.0)
    each = [
        ssc_loss(prototypes, labelled[i : i + 1], labels[i : i + 1], *nothing, **options) for i in range(len(labels))
    ]
    return torch.stack(each).mean()


def cross_entropy(prototypes: Tensor, labelled: Tensor, labels: Tensor, bias: Tensor | None = None) -> Tensor:
    """Of a linear classifier with W = prototypes, as they are given."""
    return F.cross_entropy(F.linear(labelled, prototypes, bias), labels)


def problem(k: int, d: int, seed: int, b: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    """Normalized prototypes and embeddings, and labels."""
    g = torch.Generator().manual_seed(seed)
    prototypes = F.normalize(torch.randn(k, d, generator=g, dtype=torch.float64), dim=1)
    labelled = F.normalize(torch.randn(b, d, generator=g, dtype=torch.float64), dim=1)
    return prototypes, labelled, torch.randint(k, (b,), generator=g)


@given(*shapes)
def test_under_its_conditions_it_is_cross_entropy_with_its_gradients(k: int, d: int, seed: int) -> None:
    prototypes, labelled, labels = problem(k, d, seed)
    gradients = []
    for loss in (one_by_one, cross_entropy):
        leaves = prototypes.clone().requires_grad_(), labelled.clone().requires_grad_()
        value = loss(F.normalize(leaves[0], dim=1), F.normalize(leaves[1], dim=1), labels)
        gradients.append((value, *torch.autograd.grad(value, leaves)))
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-11, atol=1e-13)


@given(st.integers(2, 8), st.sampled_from([0.1, 0.5, 2.0]))
def test_another_temperature_is_not_cross_entropy(k: int, temperature: float) -> None:
    """Embeddings on their own, orthogonal prototype: log(1 + (K - 1) exp(-1 / T)) against T = 1."""
    prototypes, labels = torch.eye(k, dtype=torch.float64), torch.arange(k)
    gap = (
        one_by_one(prototypes, prototypes, labels, temperature=temperature)
        - cross_entropy(prototypes, prototypes, labels)
    ).item()
    expected = math.log1p((k - 1) * math.exp(-1 / temperature)) - math.log1p((k - 1) * math.exp(-1))
    assert gap == pytest.approx(expected, rel=1e-9)
    assert abs(gap) > 0.1


@given(st.integers(2, 8), st.sampled_from([0.25, 2.0, 10.0]))
def test_unnormalized_embeddings_are_not_cross_entropy(k: int, length: float) -> None:
    """Length s acts as temperature 1 / s in cross-entropy, and not at all in SSC."""
    prototypes, labels = torch.eye(k, dtype=torch.float64), torch.arange(k)
    gap = (
        one_by_one(prototypes, length * prototypes, labels) - cross_entropy(prototypes, length * prototypes, labels)
    ).item()
    expected = math.log1p((k - 1) * math.exp(-1)) - math.log1p((k - 1) * math.exp(-length))
    assert gap == pytest.approx(expected, rel=1e-9)
    assert abs(gap) > 0.1


@given(*shapes, st.sampled_from([1.0, 3.0]))
def test_a_bias_is_not_cross_entropy(k: int, d: int, seed: int, bias: float) -> None:
    """A bias on a class that is not the label's adds log(1 + (e^bias - 1) p) with p >= e^-2 / K."""
    prototypes, labelled, labels = problem(k, d, seed)
    labels = labels.clamp(max=k - 2)
    on_last = torch.zeros(k, dtype=torch.float64)
    on_last[-1] = bias
    gap = (cross_entropy(prototypes, labelled, labels, on_last) - one_by_one(prototypes, labelled, labels)).item()
    assert gap >= math.log1p(math.expm1(bias) * math.exp(-2) / k) > 0.02


@given(*shapes)
def test_other_images_in_the_denominator_are_not_cross_entropy(k: int, d: int, seed: int) -> None:
    """Images of other classes, B - 1 of them, add log(1 + sum of theirs / sum of the prototypes') >= ..."""
    b = min(k, 5)
    prototypes, labelled, _ = problem(k, d, seed, b=b)
    labels = torch.arange(b)  # all different: the own prototype remains the only positive
    nothing = (torch.zeros(2, 0, d).double(), labels[:0], torch.zeros(0, dtype=torch.bool))
    together = ssc_loss(prototypes, labelled, labels, *nothing, **weights(temperature=1.0, prototype_weight=0.0))
    gap = (together - cross_entropy(prototypes, labelled, labels)).item()
    assert gap >= math.log1p((b - 1) * math.exp(-2) / k) > 0.015


@given(st.integers(2, 8))
def test_a_second_positive_is_not_cross_entropy(k: int) -> None:
    """Two images labelled 0, one on prototype 0 and one on prototype 1.

    Half of each anchor's positive term is now the other image, at cosine 0, and the denominator has one term e^0 more:
    first anchor + 1/2 + log(1 + 1 / (e + K - 1)), second the same without the half, for its prototype is at 0 too.
    """
    prototypes = torch.eye(k, dtype=torch.float64)
    labels = torch.zeros(2, dtype=torch.int64)
    nothing = (torch.zeros(2, 0, k).double(), labels[:0], torch.zeros(0, dtype=torch.bool))
    options = weights(temperature=1.0, prototype_weight=0.0)
    value = ssc_loss(prototypes, prototypes[:2], labels, *nothing, **options)
    gap = (value - cross_entropy(prototypes, prototypes[:2], labels)).item()
    assert gap == pytest.approx(0.25 + math.log1p(1 / (math.e + k - 1)), rel=1e-9)
    assert gap > 0.3


@given(st.integers(2, 8))
def test_prototypes_as_anchors_are_not_cross_entropy(k: int) -> None:
    """One image labelled 0 on prototype 1: prototype 0 becomes an anchor that sees K rows at cosine 0."""
    prototypes = torch.eye(k, dtype=torch.float64)
    labels = torch.zeros(1, dtype=torch.int64)
    nothing = (torch.zeros(2, 0, k).double(), labels[:0], torch.zeros(0, dtype=torch.bool))
    value = ssc_loss(prototypes, prototypes[1:2], labels, *nothing, **weights(temperature=1.0))
    gap = (value - cross_entropy(prototypes, prototypes[1:2], labels)).item()
    assert gap == pytest.approx(0.5 * math.log(k / (math.e + k - 1)), rel=1e-9)
    assert gap < -0.09
