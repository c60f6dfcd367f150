"""Variants of the SSC loss: unconfident images apart or absent, and the authors' normalization."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.losses import masked_nt_xent_loss, nt_xent_loss, ssc_terms, ssc_variant_terms
from tests.losses.loss_oracles import nt_xent, ssc, ssc_shares
from tests.making.batches import Batch, batches, make_batch, mixed_batch, weights


def variant(batch: Batch, unconfident: Any = "joint", normalization: Any = "ours", **changes: Any) -> list[float]:
    terms = ssc_variant_terms(*batch, unconfident=unconfident, normalization=normalization, **weights(**changes))
    return [float(term) for term in terms]


def sure(batch: Batch) -> Batch:
    """The batch without its unconfident images."""
    keep = batch.confident
    return batch._replace(strong=batch.strong[:, keep], pseudo_labels=batch.pseudo_labels[keep], confident=keep[keep])


@given(batches(dtype=torch.float64), st.sampled_from([0.0, 0.2, 1.0]))
def test_joint_and_ours_is_ssc(batch: Batch, unconfident_weight: float) -> None:
    expected = ssc_terms(*batch, **weights(unconfident_weight=unconfident_weight))
    found = variant(batch, unconfident_weight=unconfident_weight)
    assert found == pytest.approx([float(term) for term in expected], rel=1e-9, abs=1e-9)


@given(batches(dtype=torch.float64))
def test_absent_images_leave_the_denominators(batch: Batch) -> None:
    found = variant(batch, "absent")
    assert found[0] == pytest.approx(ssc(*sure(batch), **weights()), rel=1e-9, abs=1e-9)
    assert found[4] == 0


def test_weight_zero_leaves_them_there() -> None:
    batch = mixed_batch(torch.float64)
    assert variant(batch, "absent")[0] < variant(batch, unconfident_weight=0.0)[0] - 0.01


@given(batches(dtype=torch.float64), st.sampled_from([0.2, 1.0]))
def test_separate_images_have_an_nt_xent_of_their_own(batch: Batch, weight: float) -> None:
    found, alone = variant(batch, "separate", unconfident_weight=weight), ~batch.confident
    expected = weight * nt_xent(*batch.strong[:, alone], 0.1) if alone.any() else 0.0
    assert found[4] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert found[0] == pytest.approx(variant(batch, "absent")[0] + expected, rel=1e-9, abs=1e-9)


@given(st.integers(1, 8), st.integers(0, 2**31))
def test_masked_nt_xent_is_that_of_the_images_present(count: int, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    first, second = torch.randn(2, count, 4, generator=draw, dtype=torch.float64)
    present = torch.rand(count, generator=draw) < 0.5
    found = masked_nt_xent_loss(first, second, present, temperature=0.1)
    expected = nt_xent_loss(first[present], second[present], temperature=0.1)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def authors(batch: Batch, unconfident_weight: float) -> float:
    """Weights scaled to a mean of 1 over all rows, then the mean over the entries that are not 0."""
    options = weights(unconfident_weight=unconfident_weight)
    ours = ssc_shares(*batch, **options)
    k, b = len(batch.prototypes), len(batch.labelled)
    by_image = [1.0 if sure else unconfident_weight for sure in batch.confident.tolist()]
    every = [1.0] * (k + b) + by_image * 2
    # A share of ours is w l over the weights that count; undo that division.
    of_row = [*range(k), *batch.labels.tolist()]
    own = [
        int(y) if sure else k + i for i, (y, sure) in enumerate(zip(batch.pseudo_labels, batch.confident, strict=True))
    ]
    of_row += own * 2
    counting = math.fsum(w for w, y in zip(every, of_row, strict=True) if of_row.count(y) > 1)
    scale = len(every) / math.fsum(every)
    entries = [share * counting * scale for share in ours]
    kept = [entry for entry in entries if entry != 0]
    return math.fsum(kept) / len(kept) if kept else 0.0


@given(batches(dtype=torch.float64), st.sampled_from([0.2, 1.0]))
def test_the_authors_normalization_is_their_two_divisions(batch: Batch, weight: float) -> None:
    found = variant(batch, normalization="authors", unconfident_weight=weight)
    assert found[0] == pytest.approx(authors(batch, weight), rel=1e-8, abs=1e-9)
    assert sum(found[1:]) == pytest.approx(found[0], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("confident", "ratio"), [(False, 0.899), (True, 1.0)])
def test_at_the_papers_size_it_is_the_measured_share_of_ours(confident: bool, ratio: float) -> None:
    """K 100, B 64, U 448: 51 classes have a labelled image; without a confident one 49 prototypes have no positive."""
    batch = make_batch(100, 64, 448, 16, seed=0, dtype=torch.float64)
    batch = batch._replace(
        labels=torch.arange(64) % 51,
        pseudo_labels=torch.arange(448) % 100,
        confident=torch.full((448,), confident),
    )
    found = variant(batch, normalization="authors")[0] / variant(batch)[0]
    assert found == pytest.approx(ratio, abs=5e-4)


def test_gradients_equal_finite_differences() -> None:
    batch = mixed_batch(torch.float64)
    for unconfident in ("joint", "absent", "separate"):

        def loss(prototypes: torch.Tensor, strong: torch.Tensor, kind: Any = unconfident) -> torch.Tensor:
            changed = batch._replace(prototypes=prototypes, strong=strong)
            return ssc_variant_terms(*changed, unconfident=kind, normalization="authors", **weights()).total

        assert torch.autograd.gradcheck(
            loss, (batch.prototypes.clone().requires_grad_(), batch.strong.clone().requires_grad_())
        )
