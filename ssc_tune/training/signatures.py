"""Signatures of failure, watched at every evaluation.

| signature | what it is | warned of when, at the last evaluation |
| --- | --- | --- |
| prototype_max_cosine | largest cosine between two prototypes (rows of the classifier for FixMatch) | above 0.95 |
| prototype_mean_cosine | mean cosine between two prototypes; -1/(K-1) is a simplex | above 0.5 |
| prototype_rank | effective rank of the normalized prototypes, exp(entropy of squared singular values) | below K / 2 |
| embedding_rank | effective rank of normalized outputs of validation images | below 2 |
| embedding_mean_cosine | mean cosine between outputs of two validation images | above 0.95 |
| class_imbalance | KL divergence of confident pseudo-labels from uniform, in nats | above half of ln K |
| loss_spike | largest loss of a step over the mean loss since the last evaluation | above 10, at any evaluation |
| confident_accuracy | share of confident pseudo-labels that are right | below 0.5 |

The thresholds are conventions that mark a cell for a look; no verdict depends on them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ssc_tune.training.result import Evaluation

MAX_COSINE, MEAN_COSINE = 0.95, 0.5
EMBEDDING_RANK, EMBEDDING_COSINE = 2.0, 0.95
LOSS_SPIKE, CONFIDENT_ACCURACY = 10.0, 0.5


def effective_rank(rows: Tensor) -> float:
    """exp(-sum p ln p) with p the squared singular values of ``rows`` (N, D) over their sum; NaN if rows have one."""
    if not bool(rows.isfinite().all()):
        return math.nan
    energies = torch.linalg.eigvalsh(rows.T @ rows if rows.shape[0] > rows.shape[1] else rows @ rows.T).clamp_min(0)
    shares = energies / energies.sum()
    return float(torch.exp(torch.special.entr(shares).sum()))


def mean_cosine(unit_rows: Tensor) -> float:
    """Mean cosine over pairs of different rows (N, D) of unit length: (|sum of rows|^2 - N) / (N (N - 1))."""
    count = len(unit_rows)
    return float((unit_rows.sum(0).square().sum() - count) / (count * (count - 1)))


def geometry(prototypes: Tensor, outputs: Tensor) -> dict[str, float]:
    """Signatures of prototypes (K, D) and of outputs of validation images (N, D'), in float64 on the CPU."""
    unit = F.normalize(prototypes.detach().double().cpu(), dim=-1)
    cosines = unit @ unit.T
    off = cosines[~torch.eye(len(unit), dtype=torch.bool)]
    embedded = F.normalize(outputs.detach().double().cpu(), dim=-1)
    return {
        "prototype_max_cosine": float(off.max()),
        "prototype_mean_cosine": float(off.mean()),
        "prototype_rank": effective_rank(unit),
        "embedding_rank": effective_rank(embedded),
        "embedding_mean_cosine": mean_cosine(embedded),
    }


def class_imbalance(counts: Tensor) -> float | None:
    """KL(p || uniform) = ln K - H(p) of counts (K,), in nats; none if all are zero."""
    total = float(counts.sum())
    if total == 0:
        return None
    shares = counts.double().cpu() / total
    return math.log(len(counts)) - float(torch.special.entr(shares).sum())


def warnings(history: list[Evaluation], *, num_classes: int) -> tuple[str, ...]:
    """What a person should look at, in words; see the module's table."""
    if not history:
        return ()
    last, found = history[-1], []
    s = last.signatures
    if s.get("prototype_max_cosine", 0) > MAX_COSINE or s.get("prototype_mean_cosine", 0) > MEAN_COSINE:
        found.append(
            f"prototypes collapsed: largest cosine {s['prototype_max_cosine']:.3f}, "
            f"mean {s['prototype_mean_cosine']:.3f}"
        )
    if s.get("prototype_rank", num_classes) < num_classes / 2:
        found.append(f"prototypes span few directions: effective rank {s['prototype_rank']:.2f} of {num_classes}")
    if s.get("embedding_rank", num_classes) < EMBEDDING_RANK or s.get("embedding_mean_cosine", 0) > EMBEDDING_COSINE:
        found.append(
            f"embeddings collapsed: effective rank {s['embedding_rank']:.2f}, "
            f"mean cosine {s['embedding_mean_cosine']:.3f}"
        )
    if s.get("class_imbalance", 0) > math.log(num_classes) / 2:
        found.append(f"pseudo-labels favour few classes: KL to uniform {s['class_imbalance']:.2f} nats")
    spike = max(e.signatures.get("loss_spike", 0) for e in history)
    if spike > LOSS_SPIKE:
        found.append(f"loss spike: a step {spike:.1f} times the mean loss")
    if last.confident_accuracy is not None and last.confident_accuracy < CONFIDENT_ACCURACY:
        found.append(f"confident pseudo-labels are mostly wrong: {last.confident_accuracy:.2f} right")
    return tuple(found)
