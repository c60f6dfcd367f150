"""Failure signatures against loops over pairs and singular values, and each warning's threshold from both sides."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ssc_tune.training import Evaluation
from ssc_tune.training.signatures import class_imbalance, effective_rank, geometry, mean_cosine, warnings
from tests.making.records import evaluation


def _rows(count: int, dim: int, seed: int) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(count=st.integers(2, 12), dim=st.integers(2, 12), seed=st.integers(0, 1000))
def test_effective_rank_is_the_perplexity_of_squared_singular_values(count: int, dim: int, seed: int) -> None:
    rows = _rows(count, dim, seed)
    energies = np.linalg.svd(rows.numpy(), compute_uv=False) ** 2
    expected = math.exp(scipy.stats.entropy(energies))
    assert effective_rank(rows) == pytest.approx(expected, rel=1e-9)


def test_effective_rank_of_known_shapes() -> None:
    assert effective_rank(torch.eye(7, dtype=torch.float64)) == pytest.approx(7)
    assert effective_rank(torch.ones(9, 4, dtype=torch.float64)) == pytest.approx(1, abs=1e-6)


def _cosines_of_pairs(rows: Tensor) -> list[float]:
    found = []
    for i in range(len(rows)):
        for j in range(len(rows)):
            if i != j:
                a, b = rows[i].numpy(), rows[j].numpy()
                found.append(float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))))
    return found


@given(count=st.integers(2, 8), other=st.integers(2, 9), seed=st.integers(0, 1000))
def test_geometry_equals_loops_over_pairs(count: int, other: int, seed: int) -> None:
    prototypes, outputs = _rows(count, 5, seed), _rows(other, 6, seed + 1)
    found = geometry(prototypes, outputs)
    of_prototypes, of_outputs = _cosines_of_pairs(prototypes), _cosines_of_pairs(outputs)
    assert found["prototype_max_cosine"] == pytest.approx(max(of_prototypes))
    assert found["prototype_mean_cosine"] == pytest.approx(np.mean(of_prototypes), abs=1e-12)
    assert found["embedding_mean_cosine"] == pytest.approx(np.mean(of_outputs), abs=1e-12)
    unit = prototypes / prototypes.norm(dim=1, keepdim=True)
    assert found["prototype_rank"] == pytest.approx(effective_rank(unit))


def test_a_simplex_and_a_collapse_have_their_known_geometry() -> None:
    simplex = torch.eye(5, dtype=torch.float64) - 1 / 5
    found = geometry(simplex, torch.ones(6, 3))
    assert found["prototype_mean_cosine"] == pytest.approx(-1 / 4)
    assert found["prototype_rank"] == pytest.approx(4)
    assert found["embedding_mean_cosine"] == pytest.approx(1)
    assert found["embedding_rank"] == pytest.approx(1, abs=1e-5)
    assert mean_cosine(torch.eye(4)) == pytest.approx(0)


def test_geometry_of_values_that_are_not_finite_is_left_out() -> None:
    found = geometry(torch.full((3, 2), math.nan), torch.eye(3))
    assert {name for name, value in found.items() if math.isfinite(value)} == {
        "embedding_rank",
        "embedding_mean_cosine",
    }


@given(counts=st.lists(st.integers(0, 500), min_size=2, max_size=20))
def test_imbalance_is_the_divergence_from_uniform(counts: list[int]) -> None:
    found = class_imbalance(torch.tensor(counts, dtype=torch.float32))
    if sum(counts) == 0:
        assert found is None
    else:
        uniform = [1 / len(counts)] * len(counts)
        assert found == pytest.approx(scipy.stats.entropy([c / sum(counts) for c in counts], uniform), abs=1e-9)


HEALTHY = {
    "prototype_max_cosine": 0.2,
    "prototype_mean_cosine": -0.1,
    "prototype_rank": 9.0,
    "embedding_rank": 8.0,
    "embedding_mean_cosine": 0.1,
    "class_imbalance": 0.1,
    "loss_spike": 1.5,
}


def _evaluation(confident_accuracy: float | None = 0.9, **signatures: float) -> Evaluation:
    return evaluation(confident_accuracy=confident_accuracy, signatures={**HEALTHY, **signatures})


@pytest.mark.parametrize(
    ("name", "silent", "loud", "words"),
    [
        ("prototype_max_cosine", 0.949, 0.951, "prototypes collapsed"),
        ("prototype_mean_cosine", 0.499, 0.501, "prototypes collapsed"),
        ("prototype_rank", 5.01, 4.99, "prototypes span few directions"),
        ("embedding_rank", 2.01, 1.99, "embeddings collapsed"),
        ("embedding_mean_cosine", 0.949, 0.951, "embeddings collapsed"),
        ("class_imbalance", math.log(10) / 2 - 0.01, math.log(10) / 2 + 0.01, "favour few classes"),
        ("loss_spike", 9.9, 10.1, "loss spike"),
        ("confident_accuracy", 0.51, 0.49, "mostly wrong"),
    ],
)
def test_each_threshold_from_both_sides(name: str, silent: float, loud: float, words: str) -> None:
    assert warnings([_evaluation(**{name: silent})], num_classes=10) == ()
    (found,) = warnings([_evaluation(**{name: loud})], num_classes=10)
    assert words in found


def test_a_spike_counts_at_any_evaluation_and_the_rest_at_the_last() -> None:
    history = [_evaluation(loss_spike=20, class_imbalance=2.0), _evaluation()]
    (found,) = warnings(history, num_classes=10)
    assert "loss spike: a step 20.0 times" in found
    assert warnings([], num_classes=10) == ()
    assert warnings([_evaluation(confident_accuracy=None)], num_classes=10) == ()
