"""Random batches of the shapes that a step has."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from hypothesis import strategies as st
from torch import Tensor


class Batch(NamedTuple):
    """The positional arguments of ssc_loss."""

    prototypes: Tensor
    labelled: Tensor
    labels: Tensor
    strong: Tensor
    pseudo_labels: Tensor
    confident: Tensor


def make_batch(
    k: int, b: int, u: int, d: int, *, seed: int, confident: float = 0.5, dtype: torch.dtype = torch.float32
) -> Batch:
    """Normal embeddings; about a share ``confident`` of the unlabelled images is confident."""
    g = torch.Generator().manual_seed(seed)
    return Batch(
        torch.randn(k, d, generator=g, dtype=dtype),
        torch.randn(b, d, generator=g, dtype=dtype),
        torch.randint(k, (b,), generator=g),
        torch.randn(2, u, d, generator=g, dtype=dtype),
        torch.randint(k, (u,), generator=g),
        torch.rand(u, generator=g) < confident,
    )


@st.composite
def batches(draw: st.DrawFn, *, min_b: int = 0, dtype: torch.dtype = torch.float32) -> Batch:
    """Batches of 1 to 5 classes, up to 6 labelled and 6 unlabelled images, in 2 to 8 dimensions."""
    return make_batch(
        draw(st.integers(1, 5)),
        draw(st.integers(min_b, 6)),
        draw(st.integers(0, 6)),
        draw(st.integers(2, 8)),
        seed=draw(st.integers(0, 2**31)),
        confident=draw(st.sampled_from([0.0, 0.3, 0.7, 1.1])),
        dtype=dtype,
    )


def weights(**changes: Any) -> dict[str, Any]:
    """The paper's temperature and weights, with changes."""
    return {
        "temperature": 0.1,
        "prototype_weight": 1.0,
        "confident_weight": 1.0,
        "unconfident_weight": 0.2,
        **changes,
    }


def mixed_batch(dtype: torch.dtype = torch.float32) -> Batch:
    """Every kind of anchor: classes with and without labelled rows, one class with no row but its prototype."""
    return make_batch(5, 5, 6, 8, seed=3, dtype=dtype)._replace(
        labels=torch.tensor([0, 0, 1, 1, 1]),
        pseudo_labels=torch.tensor([0, 1, 1, 0, 2, 3]),
        confident=torch.tensor([True, False, True, True, True, False]),
    )
