"""The SSC loss of images that are confident by degrees."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.losses import soft_ssc_terms, ssc_terms
from tests.losses.loss_oracles import dot, supcon_anchor, unit_rows
from tests.making.batches import Batch, batches, mixed_batch, weights


def soft_ssc(batch: Batch, certainty: list[float], t: float, proto: float, conf: float, unconf: float) -> list[float]:
    """What prototypes, labelled images, and images in either role add, by loops over anchors and positives."""
    k, b, u = batch.prototypes.shape[0], batch.labelled.shape[0], batch.strong.shape[1]
    rows = unit_rows(torch.cat([batch.prototypes, batch.labelled, *batch.strong]))
    of_row = [*range(k), *batch.labels.tolist(), *batch.pseudo_labels.tolist() * 2]
    mass = [1.0] * (k + b) + certainty * 2
    parts, total = [0.0] * 4, 0.0
    for i in range(len(rows)):
        others = [a for a in range(len(rows)) if a != i]
        if not others:
            continue
        shift = max(dot(rows[i], rows[a]) / t for a in others)
        log_sum = shift + math.log(math.fsum(math.exp(dot(rows[i], rows[a]) / t - shift) for a in others))
        positives = [j for j in others if of_row[j] == of_row[i] and mass[j] > 0]
        role = 0 if i < k else 1 if i < k + b else 2
        weight = (proto, 1.0, conf * mass[i])[role]
        if positives:
            amount = math.fsum(mass[j] for j in positives)
            pull = math.fsum(mass[j] * dot(rows[i], rows[j]) / t for j in positives) / amount
            parts[role] += weight * (log_sum - pull)
            total += weight
        if role == 2:
            other_view = i + u if i < k + b + u else i - u
            own = unconf * (1 - mass[i])
            parts[3] += own * supcon_anchor(rows, i, [other_view], others, t)
            total += own
    return [part / total if total else 0.0 for part in parts]


@given(batches(), st.sampled_from([0.0, 1.0, 0.7]), st.sampled_from([0.0, 0.2, 1.0]), st.integers(0, 2**31))
def test_equals_nested_loops(batch: Batch, proto: float, unconf: float, seed: int) -> None:
    certainty = torch.rand(batch.strong.shape[1], generator=torch.Generator().manual_seed(seed)).clamp(min=0.01)
    options = weights(prototype_weight=proto, unconfident_weight=unconf)
    found = soft_ssc_terms(*batch[:5], certainty, **options)
    expected = soft_ssc(batch, certainty.double().tolist(), 0.1, proto, 1.0, unconf)
    assert [float(term) for term in found[1:]] == pytest.approx(expected, rel=2e-4, abs=1e-4)
    assert float(found.total) == pytest.approx(sum(expected), rel=2e-4, abs=1e-4)


@given(batches(dtype=torch.float64))
def test_hard_weights_make_it_ssc(batch: Batch) -> None:
    soft = soft_ssc_terms(*batch[:5], batch.confident.double(), **weights())
    hard = ssc_terms(*batch, **weights())
    assert [float(t) for t in soft] == pytest.approx([float(t) for t in hard], rel=1e-9, abs=1e-9)


def test_it_is_continuous_in_the_weights_of_images() -> None:
    batch = mixed_batch(torch.float64)
    certainty = batch.confident.double()
    at = float(soft_ssc_terms(*batch[:5], certainty, **weights(prototype_weight=0.0)).total)
    near = float(soft_ssc_terms(*batch[:5], (certainty - 1e-5).abs(), **weights(prototype_weight=0.0)).total)
    assert near == pytest.approx(at, abs=1e-3)


def test_gradients_equal_finite_differences() -> None:
    batch = mixed_batch(torch.float64)
    certainty = torch.linspace(0.1, 0.9, batch.strong.shape[1], dtype=torch.float64)

    def loss(prototypes: torch.Tensor, strong: torch.Tensor) -> torch.Tensor:
        changed = batch._replace(prototypes=prototypes, strong=strong)
        return soft_ssc_terms(*changed[:5], certainty, **weights()).total

    assert torch.autograd.gradcheck(loss, (batch.prototypes.requires_grad_(), batch.strong.requires_grad_()))


def test_a_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="float type"):
        soft_ssc_terms(*mixed_batch(), **weights())
