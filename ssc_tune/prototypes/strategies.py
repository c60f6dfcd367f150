"""The initialization strategies.

Every strategy returns rows of the same scale, that of a standard normal vector: with normalized use the gradient falls
with a prototype's length, and so does the effect of weight decay, so that strategies of different lengths would compare
learning rates. Rows of `random` have length about sqrt(D), those of all others exactly sqrt(D).

No row is 0. Where what it is made of says no direction (embeddings that cancel, or are 0), it is drawn uniformly.
"""

from __future__ import annotations

import math
import pkgutil
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ssc_tune.prototypes.registry import NEEDS_EMBEDDINGS, STRATEGIES


class Wanted(NamedTuple):
    """What a strategy is told. The last three are of images, for strategies that need them."""

    num_classes: int  # K >= 1
    dim: int  # D >= 1
    generator: torch.Generator  # the only source of randomness; the result is on its device
    embeddings: Tensor | None = None  # (L, D) of labelled images
    labels: Tensor | None = None  # (L,) in 0..K-1, every class at least once
    unlabelled: Tensor | None = None  # (M, D) of unlabelled images, M >= K, for `kmeans`


def initialize(strategy: str, wanted: Wanted) -> Tensor:
    """Prototypes (K, D) to start from, float32, by one of :data:`STRATEGIES`; each function says what its rows are.

    Raises:
        ValueError: an unknown strategy, a K that D cannot hold, or embeddings that are missing or do not fit.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"unknown prototype initialization {strategy!r}; allowed: {', '.join(STRATEGIES)}")
    if wanted.num_classes < 1 or wanted.dim < 1:
        raise ValueError(f"num_classes ({wanted.num_classes}) and dim ({wanted.dim}) must be at least 1")
    if strategy in NEEDS_EMBEDDINGS and (wanted.embeddings is None or wanted.labels is None):
        others = ", ".join(name for name in STRATEGIES if name not in NEEDS_EMBEDDINGS)
        raise ValueError(f"{strategy} needs embeddings and labels; without them: {others}")
    rows: Tensor = pkgutil.resolve_name(STRATEGIES[strategy].function)(wanted)
    return rows


def normal(wanted: Wanted) -> Tensor:
    """Standard normal, as in the authors' code of arXiv 2409.07292."""
    device = wanted.generator.device
    rows = torch.randn(wanted.num_classes, wanted.dim, generator=wanted.generator, device=device)
    return torch.where((rows == 0).all(dim=1, keepdim=True), 1.0, rows)  # one number in some million is 0


def orthogonal(wanted: Wanted) -> Tensor:
    """K orthogonal directions, uniformly rotated; needs K <= D."""
    num_classes, dim = wanted.num_classes, wanted.dim
    if num_classes > dim:
        raise ValueError(f"orthogonal needs num_classes <= dim; got {num_classes} classes in {dim} dimensions")
    return scaled(_random_frame(num_classes, dim, wanted.generator), wanted)


def simplex(wanted: Wanted) -> Tensor:
    """An equiangular tight frame, every pair at cosine -1 / (K - 1), uniformly rotated; needs D >= K - 1."""
    num_classes, dim, device = wanted.num_classes, wanted.dim, wanted.generator.device
    if num_classes < 2 or dim < num_classes - 1:
        raise ValueError(
            f"simplex needs num_classes >= 2 and dim >= num_classes - 1; got {num_classes} classes in {dim} dimensions"
        )
    # Helmert's matrix: row k holds 1 in its first k places and -k in the next; K - 1 orthonormal rows of sum 0.
    ones = torch.ones(num_classes - 1, num_classes, dtype=torch.float64, device=device)
    k = torch.arange(1, num_classes, dtype=torch.float64, device=device).unsqueeze(1)
    helmert = (ones.tril() - torch.diag_embed(k.squeeze(1), offset=1)[:-1]) / (k * (k + 1)).sqrt()
    return scaled(helmert.T @ _random_frame(num_classes - 1, dim, wanted.generator), wanted)


def class_means(wanted: Wanted) -> Tensor:
    """Mean of each class's normalized labelled embeddings; drawn where that mean is 0."""
    return scaled(mean_directions(wanted), wanted)


def scaled(directions: Tensor, wanted: Wanted) -> Tensor:
    """Directions (K, D) as rows of length sqrt(D), float32, where the generator is.

    They are means of unit rows. Where such a mean is shorter than 1e-6, what is left of it is rounding, and a
    direction is drawn in its place.
    """
    device = wanted.generator.device
    rows = (F.normalize(directions, dim=1) * math.sqrt(wanted.dim)).to(device, torch.float32)
    for lost in (directions.norm(dim=1) < _SHORTEST).nonzero().flatten().tolist():
        drawn = _random_frame(1, wanted.dim, wanted.generator)[0]
        rows[lost] = (drawn * math.sqrt(wanted.dim)).float()
    return rows


_SHORTEST = 1e-6


def unit_rows(embeddings: Tensor) -> Tensor:
    """Finite rows (N, D) divided by their length, float64; 0 where a row is. No length over- or underflows."""
    rows = embeddings.detach().double()
    lengths = rows.norm(dim=1, keepdim=True)
    safe = rows / rows.abs().amax(dim=1, keepdim=True).clamp(min=torch.finfo(torch.float64).tiny)
    ordinary = (lengths > 1e-12) & lengths.isfinite()
    return torch.where(ordinary, F.normalize(rows, dim=1), F.normalize(safe, dim=1))


def mean_directions(wanted: Wanted) -> Tensor:
    """(K, D) float64 means of the normalized labelled embeddings."""
    num_classes, embeddings, labels = wanted.num_classes, wanted.embeddings, wanted.labels
    assert embeddings is not None
    assert labels is not None
    check_embeddings("embeddings", embeddings, wanted.dim)
    if labels.shape != embeddings.shape[:1]:
        raise ValueError(f"labels must be ({embeddings.shape[0]},), one an embedding; got {tuple(labels.shape)}")
    members = (torch.arange(num_classes, device=labels.device).unsqueeze(1) == labels).double()  # (K, L)
    counts = members.sum(1, keepdim=True)
    missing = [str(k) for k, count in enumerate(counts.flatten().tolist()) if count == 0]
    if missing or counts.sum() != labels.shape[0]:
        problem = f"classes without labelled images: {', '.join(missing)}" if missing else "labels outside"
        raise ValueError(f"labels must lie in 0..{num_classes - 1} and hold every class; {problem}")
    return members.to(embeddings.device) @ unit_rows(embeddings) / counts.to(embeddings.device)


def check_embeddings(name: str, embeddings: Tensor, dim: int) -> None:
    """Raise ValueError for rows that are not of width D, or not finite."""
    if embeddings.ndim != 2 or embeddings.shape[1] != dim:
        raise ValueError(f"{name} must be (rows, {dim}); got {tuple(embeddings.shape)}")
    if not bool(embeddings.isfinite().all()):
        raise ValueError(f"{name} hold values that are not finite")


def _random_frame(num_vectors: int, dim: int, generator: torch.Generator) -> Tensor:
    """(num_vectors, dim) float64 orthonormal rows, uniform over all such frames (Haar)."""
    normal = torch.randn(dim, num_vectors, generator=generator, device=generator.device, dtype=torch.float64)
    q, r = torch.linalg.qr(normal)
    signs = torch.where(r.diagonal() < 0, -1.0, 1.0).to(q)
    rows: Tensor = (q * signs).T  # a positive diagonal of R makes Q unique, hence uniform
    return rows
