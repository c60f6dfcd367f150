"""A picture of where prototypes and images lie at the end of training."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ssc_tune.training.result import Geometry

MAX_IMAGES = 150
"""Validation images in the picture; more would hide one another."""


def geometry(prototypes: Tensor, embeddings: Tensor, labels: Tensor) -> Geometry:
    """Cosines between prototypes, and both kinds of directions projected onto two axes.

    Directions are normalized; the axes are the first two principal ones of the embeddings (N, D) about their mean, each
    turned so that its largest loading is positive. ``share`` is what the axes hold of the embeddings' variance.

    Args:
        prototypes: (K, D) of any length, K >= 2.
        embeddings: (N, D) in the prototypes' space, N >= 3; the first 150 are kept.
        labels: (N,) true classes.
    """
    unit = F.normalize(prototypes.detach().double().cpu(), dim=-1)
    cloud = F.normalize(embeddings.detach().double().cpu(), dim=-1)
    mean = cloud.mean(0)
    _, sizes, axes = torch.linalg.svd(cloud - mean, full_matrices=False)
    axes = axes[:2]
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    axes = axes * largest.sign()
    energy = sizes.square()
    return Geometry(
        cosines=_rounded(unit @ unit.T),
        prototypes=_rounded((unit - mean) @ axes.T),
        images=_rounded((cloud[:MAX_IMAGES] - mean) @ axes.T),
        labels=tuple(int(label) for label in labels[:MAX_IMAGES]),
        share=float(energy[:2].sum() / energy.sum()),
    )


def _rounded(rows: Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(value), 4) for value in row) for row in rows)
