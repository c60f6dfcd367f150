"""FixMatch: cross-entropy on labelled images and on confident pseudo-labels."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ssc_tune.losses.contrast import Scalar, accumulator, full_precision


class FixMatchTerms(NamedTuple):
    """The loss and its two parts, scalars; total = labelled + unlabelled."""

    total: Tensor
    labelled: Tensor  # mean cross-entropy of the labelled images
    unlabelled: Tensor  # lambda_u times the unlabelled term


def fixmatch_terms(
    labelled_logits: Tensor,
    labels: Tensor,
    strong_logits: Tensor,
    pseudo_labels: Tensor,
    confident: Tensor,
    *,
    unlabelled_weight: Scalar,
) -> FixMatchTerms:
    r"""The loss of Sohn et al., "FixMatch" (NeurIPS 2020), for hard pseudo-labels.

    .. math:: L = \frac1B \sum_b H(y_b, p_b)
                  + \lambda_u \sum_v \frac1U \sum_u [u \text{ confident}]\, H(\hat y_u, p_{v,u})

    H is the cross-entropy with softmax(logits). The unlabelled term divides by all U images, not by the confident
    ones. With V strong views their terms are added, as in the double-augmentation variant of arXiv 2409.07292.

    Args:
        labelled_logits: (B, K); B may be 0, the term is then 0.
        labels: (B,) in 0..K-1.
        strong_logits: (U, K) or (V, U, K); U may be 0.
        pseudo_labels: (U,) in 0..K-1; those of images that are not confident are ignored.
        confident: (U,) bool, or weights (U,) in [0, 1] of any float type in the place of [u confident].
        unlabelled_weight: lambda_u >= 0, a number or a tensor of shape ().

    Returns:
        The loss and its parts, float32, or float64 for float64 logits.

    Raises:
        ValueError: shapes that do not fit together.
    """
    strong = strong_logits.unsqueeze(0) if strong_logits.ndim == 2 else strong_logits  # (V, U, K)
    _check_shapes(labelled_logits, labels, strong, pseudo_labels, confident)
    with full_precision(labelled_logits):
        labelled = F.cross_entropy(accumulator(labelled_logits), labels, reduction="sum") / max(labels.shape[0], 1)
        # Unconfident rows get a class that exists, so that their pseudo-label is never read.
        certain = confident > 0 if confident.is_floating_point() else confident
        targets = torch.where(certain, pseudo_labels, 0).expand(strong.shape[:2])  # (V, U)
        each = F.cross_entropy(accumulator(strong).flatten(0, 1), targets.flatten(), reduction="none")  # (V * U,)
        each = torch.where(certain, each.view(strong.shape[:2]), 0.0)
        if confident.is_floating_point():
            each = confident * each
        unlabelled = unlabelled_weight * (each.sum() / max(strong.shape[1], 1))
        return FixMatchTerms(labelled + unlabelled, labelled, unlabelled)


def _check_shapes(labelled: Tensor, labels: Tensor, strong: Tensor, pseudo_labels: Tensor, confident: Tensor) -> None:
    fits = labelled.ndim == 2 and labels.shape == labelled.shape[:1] and strong.ndim == 3
    if (
        not fits
        or strong.shape[2] != labelled.shape[1]
        or not pseudo_labels.shape == confident.shape == strong.shape[1:2]
    ):
        raise ValueError(
            "expected labelled_logits (B, K), labels (B,), strong_logits (U, K) or (V, U, K), pseudo_labels (U,) and "
            f"confident (U,); got {tuple(labelled.shape)}, {tuple(labels.shape)}, {tuple(strong.shape)}, "
            f"{tuple(pseudo_labels.shape)} and {tuple(confident.shape)}"
        )
