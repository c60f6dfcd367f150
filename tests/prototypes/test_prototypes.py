"""Prototype initialization: geometry, distribution, matching, and errors."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import permutations
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor

from ssc_tune import prototypes


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def cosines(rows: Tensor) -> Tensor:
    directions = F.normalize(rows.double(), dim=1)
    return directions @ directions.T


def initialize(strategy: str, **wanted: Any) -> Tensor:
    """Prototypes by a strategy that is told so much."""
    return prototypes.initialize(strategy, prototypes.Wanted(**wanted))


def clusters(k: int, dim: int, per_class: int, seed: int, spread: float = 0.05) -> tuple[Tensor, Tensor, Tensor]:
    """Centres on the sphere, and embeddings of any length near them with their labels."""
    g = generator(seed)
    centres = F.normalize(torch.linalg.qr(torch.randn(dim, k, generator=g))[0].T, dim=1)
    labels = torch.arange(k).repeat(per_class)
    rows = centres[labels] + spread * torch.randn(len(labels), dim, generator=g) / math.sqrt(dim)
    return centres, rows * (0.5 + 3 * torch.rand(len(labels), 1, generator=g)), labels


@pytest.mark.parametrize("strategy", prototypes.STRATEGIES)
def test_every_strategy_is_float32_of_one_scale_and_drawn_from_the_generator_alone(strategy: str) -> None:
    _, embeddings, labels = clusters(6, 40, 5, seed=1, spread=2.0)
    unlabelled = torch.randn(80, 40, generator=generator(2))

    def draw(seed: int) -> Tensor:
        return initialize(
            strategy,
            num_classes=6,
            dim=40,
            generator=generator(seed),
            embeddings=embeddings,
            labels=labels,
            unlabelled=unlabelled,
        )

    before = torch.get_rng_state()
    first = draw(0)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.shape == (6, 40)
    assert first.dtype == torch.float32
    assert torch.equal(first, draw(0))
    assert torch.equal(first, draw(1)) == (strategy == "class_means")
    tolerance = 0.35 if strategy == "random" else 1e-5
    torch.testing.assert_close(first.norm(dim=1), torch.full((6,), math.sqrt(40)), rtol=tolerance, atol=0)


def test_random_is_standard_normal() -> None:
    rows = initialize("random", num_classes=100, dim=128, generator=generator(3))
    assert stats.kstest(rows.flatten().numpy(), "norm").pvalue > 1e-3


@given(st.integers(1, 12), st.integers(0, 8), st.integers(0, 2**31))
def test_orthogonal_rows_are_orthogonal(k: int, more: int, seed: int) -> None:
    rows = initialize("orthogonal", num_classes=k, dim=k + more, generator=generator(seed))
    torch.testing.assert_close(cosines(rows), torch.eye(k, dtype=torch.float64), rtol=0, atol=1e-6)


@given(st.integers(2, 12), st.integers(-1, 8), st.integers(0, 2**31))
def test_simplex_is_an_equiangular_tight_frame(k: int, more: int, seed: int) -> None:
    rows = initialize("simplex", num_classes=k, dim=k + more, generator=generator(seed))
    eye = torch.eye(k, dtype=torch.float64)
    torch.testing.assert_close(cosines(rows), eye - (1 - eye) / (k - 1), rtol=0, atol=1e-6)
    assert F.normalize(rows.double(), dim=1).sum(0).norm() < 1e-5


@pytest.mark.parametrize("strategy", ["orthogonal", "simplex"])
def test_frames_are_uniformly_rotated(strategy: str) -> None:
    """Then every row is uniform on the sphere, and (x_1 + 1) / 2 is Beta((D - 1) / 2, (D - 1) / 2)."""
    g, dim = generator(4), 4
    draws = [initialize(strategy, num_classes=3, dim=dim, generator=g) for _ in range(400)]
    for row in range(3):
        first = torch.stack([F.normalize(draw, dim=1)[row, 0] for draw in draws])
        p = stats.kstest((first.double().numpy() + 1) / 2, stats.beta((dim - 1) / 2, (dim - 1) / 2).cdf).pvalue
        assert p > 1e-3


def test_class_means_are_directions_of_the_means_of_normalized_embeddings() -> None:
    _, embeddings, labels = clusters(4, 6, 7, seed=5, spread=1.0)
    rows = initialize("class_means", num_classes=4, dim=6, generator=generator(), embeddings=embeddings, labels=labels)
    for k in range(4):
        total = torch.zeros(6, dtype=torch.float64)
        for embedding, label in zip(embeddings.double(), labels.tolist(), strict=True):
            if label == k:
                total += embedding / embedding.norm()
        torch.testing.assert_close(rows[k].double(), math.sqrt(6) * total / total.norm(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_kmeans_finds_separated_clusters_and_names_them_by_the_labelled_images(seed: int) -> None:
    centres, unlabelled, _ = clusters(5, 16, 30, seed=seed)
    labelled = 2 * centres + 0.1 * torch.randn(5, 16, generator=generator(seed))
    order = torch.randperm(5, generator=generator(seed))
    rows = initialize(
        "kmeans",
        num_classes=5,
        dim=16,
        generator=generator(seed),
        embeddings=labelled[order],
        labels=order,
        unlabelled=unlabelled,
    )
    assert (F.cosine_similarity(rows, centres) > 0.999).all()


def test_kmeans_matching_is_the_best_of_all_permutations() -> None:
    """With class means that do not sit on clusters, a greedy nearest match would take one centre twice."""
    g = generator(7)
    unlabelled = torch.randn(120, 5, generator=g)
    labelled = F.normalize(torch.ones(4, 5) + 0.3 * torch.randn(4, 5, generator=g), dim=1)
    rows = initialize(
        "kmeans",
        num_classes=4,
        dim=5,
        generator=g,
        embeddings=labelled,
        labels=torch.arange(4),
        unlabelled=unlabelled,
    )
    distances = torch.cdist(labelled, F.normalize(rows, dim=1))
    assert len(set(distances.argmin(1).tolist())) < 4
    assert (cosines(rows) - torch.eye(4)).max() < 0.95  # four different centres
    costs = {order: sum(distances[k, order[k]].item() for k in range(4)) for order in permutations(range(4))}
    assert min(costs, key=costs.__getitem__) == (0, 1, 2, 3)


def _drawn(draw: st.DrawFn, k: int, dim: int) -> dict[str, Tensor]:
    """Embeddings as a net that learns badly gives them: few different ones, opposite, 0, huge, tiny."""
    unit = st.sampled_from([0.0, 1.0, -1.0, 1e-30, -1e30, 1.5])
    row = st.lists(unit, min_size=dim, max_size=dim)
    labelled = draw(st.lists(row, min_size=k, max_size=3 * k))
    mirrored = labelled + [[-x for x in r] for r in labelled] if draw(st.booleans()) else labelled
    labels = torch.arange(len(labelled)) % k
    return {
        "embeddings": torch.tensor(mirrored),
        "labels": labels.repeat(len(mirrored) // len(labelled)),
        "unlabelled": torch.tensor(draw(st.lists(row, min_size=k, max_size=3 * k))),
    }


@pytest.mark.parametrize("strategy", prototypes.STRATEGIES)
@given(data=st.data())
@settings(max_examples=40)
def test_every_row_of_every_strategy_has_a_direction(strategy: str, data: st.DataObject) -> None:
    k = data.draw(st.integers(2, 4))
    dim = data.draw(st.integers(k, k + 3))
    images = st.composite(lambda draw: _drawn(draw, k, dim))
    rows = initialize(
        strategy,
        num_classes=k,
        dim=dim,
        generator=generator(data.draw(st.integers(0, 2**31))),
        **data.draw(images()),
    )
    lengths = rows.norm(dim=1)
    assert rows.isfinite().all()
    assert (lengths > 0).all()
    if strategy != "random":
        torch.testing.assert_close(lengths, torch.full((k,), math.sqrt(dim)), rtol=1e-5, atol=0)


@pytest.mark.parametrize("strategy", ["class_means", "kmeans"])
def test_embeddings_that_cancel_say_no_direction_and_one_is_drawn(strategy: str) -> None:
    """Of two opposite embeddings the mean is 0; the row drawn in its place is the generator's, the other stays."""
    opposite = torch.tensor([[1.0, 0, 0], [-1.0, 0, 0]])
    own = torch.tensor([[0, 0, 2.0], [0, 0, 3.0]])

    def draw(seed: int) -> Tensor:
        return initialize(
            strategy,
            num_classes=2,
            dim=3,
            generator=generator(seed),
            embeddings=torch.cat([opposite, own]),
            labels=torch.tensor([0, 0, 1, 1]),
            unlabelled=torch.cat([opposite, own.repeat(5, 1), 1e-3 * own]),
        )

    first, other = draw(0), draw(1)
    assert (first.norm(dim=1) > 1.7).all()
    assert torch.equal(first, draw(0))
    if strategy == "class_means":
        assert not torch.equal(first[0], other[0])
        torch.testing.assert_close(first[1], math.sqrt(3) * torch.tensor([0, 0, 1.0]))


@pytest.mark.parametrize(
    ("strategy", "changes", "message"),
    [
        (
            "zeros",
            {},
            "unknown prototype initialization 'zeros'; allowed: random, orthogonal, simplex, class_means, kmeans",
        ),
        ("random", {"num_classes": 0}, "at least 1"),
        ("orthogonal", {"dim": 2}, "3 classes in 2 dimensions"),
        ("simplex", {"dim": 1}, "dim >= num_classes - 1"),
        ("simplex", {"num_classes": 1}, "num_classes >= 2"),
        ("class_means", {"embeddings": None}, "without them: random, orthogonal, simplex"),
        ("class_means", {"embeddings": torch.zeros(3, 5)}, r"\(rows, 4\); got \(3, 5\)"),
        ("class_means", {"labels": torch.arange(2)}, r"labels must be \(3,\)"),
        ("class_means", {"labels": torch.tensor([0, 0, 2])}, "without labelled images: 1"),
        ("class_means", {"num_classes": 2}, "labels outside"),
        ("class_means", {"embeddings": torch.full((3, 4), math.nan)}, "not finite"),
        ("kmeans", {"unlabelled": None}, "needs unlabelled"),
        ("kmeans", {"unlabelled": torch.ones(2, 4)}, "at least 3 unlabelled embeddings; got 2"),
    ],
)
def test_errors_say_what_is_wrong_and_what_is_allowed(strategy: str, changes: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {
        "num_classes": 3,
        "dim": 4,
        "generator": generator(),
        "embeddings": torch.eye(3, 4),
        "labels": torch.arange(3),
        "unlabelled": torch.randn(9, 4, generator=generator()),
        **changes,
    }
    with pytest.raises(ValueError, match=message):
        initialize(strategy, **arguments)


def test_names_are_known_without_torch() -> None:
    code = (
        "import sys; from ssc_tune.prototypes.registry import STRATEGIES, NEEDS_EMBEDDINGS; "
        "assert NEEDS_EMBEDDINGS < set(STRATEGIES); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
