"""The initialization strategies.

Every strategy returns rows of the same scale, that of a standard normal vector: with normalized use the gradient falls
with a prototype's length, and so does the effect of weight decay, so that strategies of different lengths would compare
learning rates.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ssc_tune.prototypes.names import NEEDS_EMBEDDINGS, STRATEGIES


def initialize(
    strategy: str,
    *,
    num_classes: int,
    dim: int,
    generator: torch.Generator,
    embeddings: Tensor | None = None,
    labels: Tensor | None = None,
    unlabelled: Tensor | None = None,
) -> Tensor:
    """Prototypes to start from.

    ============= ==============================================================================================
    strategy      rows, apart from their length
    ============= ==============================================================================================
    `random`      standard normal, as in the authors' code of arXiv 2409.07292
    `orthogonal`  K orthogonal directions, uniformly rotated; needs K <= D
    `simplex`     an equiangular tight frame, every pair at cosine -1 / (K - 1), uniformly rotated; needs D >= K - 1
    `class_means` mean of each class's normalized labelled embeddings
    `kmeans`      k-means centres of the normalized unlabelled embeddings, matched one to one to the class means so that
                  the sum of Euclidean distances between their directions is smallest (Hungarian method)
    ============= ==============================================================================================

    Rows of `random` have length about sqrt(D), those of all others exactly sqrt(D).

    Args:
        strategy: one of :data:`STRATEGIES`.
        num_classes: K >= 1.
        dim: D >= 1.
        generator: the only source of randomness; the result is on its device.
        embeddings: (L, D) of labelled images, for the strategies in :data:`NEEDS_EMBEDDINGS`.
        labels: (L,) in 0..K-1, every class at least once.
        unlabelled: (M, D) embeddings of unlabelled images, M >= K, for `kmeans`.

    Returns:
        (K, D) float32.

    Raises:
        ValueError: an unknown strategy, a K that D cannot hold, or embeddings that are missing or do not fit.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"unknown prototype initialization {strategy!r}; allowed: {', '.join(STRATEGIES)}")
    if num_classes < 1 or dim < 1:
        raise ValueError(f"num_classes ({num_classes}) and dim ({dim}) must be at least 1")
    if strategy == "random":
        return torch.randn(num_classes, dim, generator=generator, device=generator.device)
    if strategy == "orthogonal":
        directions = _orthogonal(num_classes, dim, generator)
    elif strategy == "simplex":
        directions = _simplex(num_classes, dim, generator)
    else:
        directions = _class_means(strategy, num_classes, dim, embeddings, labels)
        if strategy == "kmeans":
            directions = _cluster_centres(directions, unlabelled, generator)
    return (F.normalize(directions, dim=1) * math.sqrt(dim)).to(generator.device, torch.float32)


def _random_frame(num_vectors: int, dim: int, generator: torch.Generator) -> Tensor:
    """(num_vectors, dim) float64 orthonormal rows, uniform over all such frames (Haar)."""
    normal = torch.randn(dim, num_vectors, generator=generator, device=generator.device, dtype=torch.float64)
    q, r = torch.linalg.qr(normal)
    rows: Tensor = (q * r.diagonal().sign()).T  # a positive diagonal of R makes Q unique, hence uniform
    return rows


def _orthogonal(num_classes: int, dim: int, generator: torch.Generator) -> Tensor:
    if num_classes > dim:
        raise ValueError(f"orthogonal needs num_classes <= dim; got {num_classes} classes in {dim} dimensions")
    return _random_frame(num_classes, dim, generator)


def _simplex(num_classes: int, dim: int, generator: torch.Generator) -> Tensor:
    if num_classes < 2 or dim < num_classes - 1:
        raise ValueError(
            f"simplex needs num_classes >= 2 and dim >= num_classes - 1; got {num_classes} classes in {dim} dimensions"
        )
    # Helmert's matrix: row k holds 1 in its first k places and -k in the next; K - 1 orthonormal rows of sum 0.
    ones = torch.ones(num_classes - 1, num_classes, dtype=torch.float64, device=generator.device)
    k = torch.arange(1, num_classes, dtype=torch.float64, device=generator.device).unsqueeze(1)
    helmert = (ones.tril() - torch.diag_embed(k.squeeze(1), offset=1)[:-1]) / (k * (k + 1)).sqrt()
    return helmert.T @ _random_frame(num_classes - 1, dim, generator)


def _class_means(strategy: str, num_classes: int, dim: int, embeddings: Tensor | None, labels: Tensor | None) -> Tensor:
    """(K, D) float64 means of the normalized labelled embeddings."""
    if embeddings is None or labels is None:
        raise ValueError(
            f"{strategy} needs embeddings and labels; without them: "
            f"{', '.join(name for name in STRATEGIES if name not in NEEDS_EMBEDDINGS)}"
        )
    _check_embeddings("embeddings", embeddings, dim)
    if labels.shape != embeddings.shape[:1]:
        raise ValueError(f"labels must be ({embeddings.shape[0]},), one an embedding; got {tuple(labels.shape)}")
    members = (torch.arange(num_classes, device=labels.device).unsqueeze(1) == labels).double()  # (K, L)
    counts = members.sum(1, keepdim=True)
    missing = [str(k) for k, count in enumerate(counts.flatten().tolist()) if count == 0]
    if missing or counts.sum() != labels.shape[0]:
        problem = f"classes without labelled images: {', '.join(missing)}" if missing else "labels outside"
        raise ValueError(f"labels must lie in 0..{num_classes - 1} and hold every class; {problem}")
    return (
        members.to(embeddings.device) @ F.normalize(embeddings.detach().double(), dim=1) / counts.to(embeddings.device)
    )


def _cluster_centres(means: Tensor, unlabelled: Tensor | None, generator: torch.Generator) -> Tensor:
    """(K, D) float64 centres of k-means, row k being the one matched to the mean of class k."""
    from scipy.optimize import linear_sum_assignment
    from sklearn.cluster import KMeans

    num_classes, dim = means.shape
    if unlabelled is None:
        raise ValueError("kmeans needs unlabelled: (M, D) embeddings of unlabelled images")
    _check_embeddings("unlabelled", unlabelled, dim)
    if unlabelled.shape[0] < num_classes:
        raise ValueError(f"kmeans needs at least {num_classes} unlabelled embeddings; got {unlabelled.shape[0]}")
    seed = int(torch.randint(2**31 - 1, (), generator=generator, device=generator.device))
    points = F.normalize(unlabelled.detach().double(), dim=1).cpu().numpy()
    centres = torch.from_numpy(
        KMeans(num_classes, n_init=10, random_state=seed).fit(points).cluster_centers_
    )  # (K, D) float64
    distances = torch.cdist(F.normalize(means.cpu(), dim=1), F.normalize(centres, dim=1))
    _, matched = linear_sum_assignment(distances.numpy())
    return centres[torch.from_numpy(matched)]


def _check_embeddings(name: str, embeddings: Tensor, dim: int) -> None:
    if embeddings.ndim != 2 or embeddings.shape[1] != dim:
        raise ValueError(f"{name} must be (rows, {dim}); got {tuple(embeddings.shape)}")
    if not bool(embeddings.isfinite().all()):
        raise ValueError(f"{name} hold values that are not finite")
