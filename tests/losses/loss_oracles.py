"""The losses once more, written from their formulas with nested loops over Python floats (float64)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

Row = list[float]


def unit_rows(rows: Tensor) -> list[Row]:
    """Each row divided by its Euclidean length."""
    result = []
    for row in rows.detach().double().tolist():
        length = math.sqrt(sum(x * x for x in row))
        result.append([x / length for x in row])
    return result


def dot(a: Row, b: Row) -> float:
    """Inner product."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def supcon_anchor(rows: list[Row], i: int, positives: Sequence[int], others: Sequence[int], t: float) -> float:
    """Minus the mean over positives j of log(exp(z_i.z_j / t) / sum over others a of exp(z_i.z_a / t))."""
    similarities = [dot(rows[i], rows[a]) / t for a in others]
    shift = max(similarities)
    denominator = math.fsum(math.exp(s - shift) for s in similarities)
    return -math.fsum(dot(rows[i], rows[j]) / t - shift - math.log(denominator) for j in positives) / len(positives)


def supcon_shares(
    embeddings: Tensor, labels: Sequence[int], temperature: float, weights: Sequence[float]
) -> list[float]:
    """Each anchor's part in the weighted mean of Khosla's L_out over anchors with a positive."""
    rows = unit_rows(embeddings)
    numerators = [0.0] * len(rows)
    denominator = 0.0
    for i in range(len(rows)):
        others = [a for a in range(len(rows)) if a != i]
        positives = [j for j in others if labels[j] == labels[i]]
        if positives:
            numerators[i] = weights[i] * supcon_anchor(rows, i, positives, others, temperature)
            denominator += weights[i]
    return [numerator / denominator if denominator else 0.0 for numerator in numerators]


def supcon(embeddings: Tensor, labels: Sequence[int], temperature: float, weights: Sequence[float]) -> float:
    """Weighted mean of Khosla's L_out over anchors with a positive; 0 where their weights sum to 0."""
    return math.fsum(supcon_shares(embeddings, labels, temperature, weights))


def ssc_shares(
    prototypes: Tensor,
    labelled: Tensor,
    labels: Tensor,
    strong: Tensor,
    pseudo_labels: Tensor,
    confident: Tensor,
    *,
    temperature: float,
    prototype_weight: float,
    confident_weight: float,
    unconfident_weight: float,
) -> list[float]:
    """One row a prototype, labelled image and strong view (first view, then second), with its label and weight."""
    num_classes = prototypes.shape[0]
    rows = [*prototypes, *labelled]
    row_labels = [*range(num_classes), *labels.tolist()]
    weights = [prototype_weight] * num_classes + [1.0] * labelled.shape[0]
    for view in strong:
        for u, embedding in enumerate(view):
            sure = bool(confident[u])
            rows.append(embedding)
            row_labels.append(int(pseudo_labels[u]) if sure else num_classes + u)
            weights.append(confident_weight if sure else unconfident_weight)
    return supcon_shares(torch.stack(rows), row_labels, temperature, weights)


def ssc(*batch: Any, **options: Any) -> float:
    """The sum of :func:`ssc_shares`."""
    return math.fsum(ssc_shares(*batch, **options))


def cross_entropy(logits: Sequence[float], target: int) -> float:
    """log sum_k exp(logit_k) - logit_target."""
    shift = max(logits)
    return shift + math.log(math.fsum(math.exp(x - shift) for x in logits)) - logits[target]


def fixmatch(
    labelled_logits: Tensor,
    labels: Tensor,
    strong_logits: Tensor,
    pseudo_labels: Tensor,
    confident: Tensor,
    *,
    unlabelled_weight: float,
) -> float:
    """Mean cross-entropy of the labelled, plus lambda_u / U times the sum over confident images and views."""
    supervised = 0.0
    for logits, label in zip(labelled_logits.double().tolist(), labels.tolist(), strict=True):
        supervised += cross_entropy(logits, label) / labels.shape[0]
    views = strong_logits.double().tolist() if strong_logits.ndim == 3 else [strong_logits.double().tolist()]
    unlabelled = 0.0
    for view in views:
        for u, logits in enumerate(view):
            if confident[u]:
                unlabelled += cross_entropy(logits, int(pseudo_labels[u])) / len(view)
    return supervised + unlabelled_weight * unlabelled


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> float:
    """Mean over the 2N rows of -log(exp(z_i.z_p / t) / sum over a != i), p the other view."""
    rows = unit_rows(torch.cat([first, second]))
    n = first.shape[0]
    total = 0.0
    for i in range(2 * n):
        others = [a for a in range(2 * n) if a != i]
        total += supcon_anchor(rows, i, [(i + n) % (2 * n)], others, temperature)
    return total / (2 * n)
