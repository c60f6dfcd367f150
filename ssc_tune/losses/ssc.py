r"""The unified contrastive loss for self-training: Gauffre, Horvat, Amini (arXiv 2409.07292).

The weighted supervised contrastive loss (:func:`ssc_tune.losses.supcon_loss`) of the N = K + B + 2U rows

============ ==== =================== ==================
rows         N    label               weight
============ ==== =================== ==================
prototypes   K    0..K-1              prototype_weight
labelled     B    labels              1
confident    2 Uc pseudo-label        confident_weight
unconfident  2 Uu K + index of image  unconfident_weight
============ ==== =================== ==================

so that the only positive of an unconfident view is the other view. With c(i) the class of row i,

.. math:: L = \frac{\sum_i w_i l_i}{\sum_i w_i}, \quad
          l_i = \log \sum_{a \ne i} \exp\frac{z_i \cdot z_a}{T}
                - \frac{1}{T |P(i)|}\, z_i \cdot \sum_{j \in P(i)} z_j, \quad
          \sum_{j \in P(i)} z_j = \sum_{j: c(j) = c(i)} z_j - z_i \text{ (or the other view)}.

Both sums of L run over the anchors with at least one positive, and L is 0, with zero gradients, where their weights
sum to 0. Weight 0 is legal for every weight, and L is continuous there as long as another weight
remains (where all are 0 the mean is 0/0, and no value would make it continuous).

Deviations from the authors' code: theirs divides by the sum of all weights and then averages the non-zero terms
only, so that it jumps at weight 0; both agree where no weight is 0 and every anchor has a positive. Theirs also
gives the unconfident weight to every row when no image is unconfident; this does not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from ssc_tune.losses.contrast import (
    Scalar,
    accumulator,
    anchor_losses,
    check_temperature,
    full_precision,
    mean_shares,
    scaled_directions,
)


class SSCTerms(NamedTuple):
    """The loss and what each role of anchor adds to it, scalars.

    A role's term is sum of w_i l_i over its anchors, divided by the sum of w_i over all anchors (always over those with
    a positive): total = prototypes + labelled + confident + unconfident, and a role without anchors adds 0.
    """

    total: Tensor
    prototypes: Tensor
    labelled: Tensor
    confident: Tensor
    unconfident: Tensor


def ssc_terms(
    prototypes: Tensor,
    labelled: Tensor,
    labels: Tensor,
    strong: Tensor,
    pseudo_labels: Tensor,
    confident: Tensor,
    *,
    temperature: Scalar,
    prototype_weight: Scalar,
    confident_weight: Scalar,
    unconfident_weight: Scalar,
) -> SSCTerms:
    """The loss of Gauffre, Horvat, Amini, "A Unified Contrastive Loss for Self-Training" (arXiv 2409.07292), by role.

    Equation and deviations from the authors' code: this module's documentation.

    Args:
        prototypes: (K, D) of any length, K >= 1.
        labelled: (B, D) embeddings of labelled images; B may be 0.
        labels: (B,) in 0..K-1 (not checked, which would wait for the device; a label outside has no positives).
        strong: (2, U, D) embeddings of both strong views; U may be 0.
        pseudo_labels: (U,) in 0..K-1; those of unconfident images are ignored.
        confident: (U,) bool.
        temperature: T > 0, a number or a tensor of shape (); 0.1 in the paper.
        prototype_weight: lambda_proto >= 0; 1 in the paper.
        confident_weight: lambda_conf >= 0; 1 in the paper.
        unconfident_weight: lambda_unconf >= 0; 0.2 in the paper.

    Returns:
        float32, or float64 where all embeddings are. Differentiable once.

    Raises:
        ValueError: shapes that do not fit together, or a temperature that is not positive.
    """
    check_shapes(prototypes, labelled, labels, strong, pseudo_labels, confident)
    check_temperature(temperature)
    num_classes, num_certain = prototypes.shape[0], prototypes.shape[0] + labelled.shape[0]
    with full_precision(prototypes):
        rows = rows_of(prototypes, labelled, strong, temperature)
        alone = (~confident).to(rows.dtype).repeat(2)  # (2U,): 1 for an unconfident view
        members = _class_members(num_classes, labels, pseudo_labels, confident).to(rows.dtype)  # (N, K)
        positive_sum = _positive_sum(rows, members, alone)
        num_positives = members @ members.sum(0) - members.sum(1)
        num_positives = torch.cat([num_positives[:num_certain], num_positives[num_certain:] + alone])
        of_views = (1 - alone) * confident_weight + alone * unconfident_weight
        weights = weights_of(rows, num_classes, prototype_weight, of_views)
        shares = mean_shares(anchor_losses(rows, positive_sum, num_positives), weights, num_positives)  # (N,)
        return _by_role(shares, num_classes, num_certain, alone)


def _by_role(shares: Tensor, num_classes: int, num_certain: int, alone: Tensor) -> SSCTerms:
    """The sums of the anchors' shares (N,), ``alone`` (2U,) being 1 for unconfident views."""
    unlabelled = shares[num_certain:]
    return SSCTerms(
        total=shares.sum(),
        prototypes=shares[:num_classes].sum(),
        labelled=shares[num_classes:num_certain].sum(),
        confident=((1 - alone) * unlabelled).sum(),
        unconfident=(alone * unlabelled).sum(),
    )


def ssc_loss(*batch: Tensor, **weights: Any) -> Tensor:
    """The total of :func:`ssc_terms`, a scalar; the same arguments."""
    return ssc_terms(*batch, **weights).total


def rows_of(prototypes: Tensor, labelled: Tensor, strong: Tensor, temperature: Scalar) -> Tensor:
    """The rows (N, D) in the order of the module's table, normalized and divided by sqrt(T)."""
    parts = [accumulator(part) for part in (prototypes, labelled, strong[0], strong[1])]
    return scaled_directions(torch.cat(parts), temperature)


def weights_of(rows: Tensor, num_classes: int, prototype_weight: Scalar, of_views: Tensor) -> Tensor:
    """The weights (N,) of the module's table, ``of_views`` (2U,) being those of the strong views."""
    num_labelled = len(rows) - num_classes - len(of_views)
    return torch.cat([rows.new_ones(num_classes) * prototype_weight, rows.new_ones(num_labelled), of_views])


def _class_members(num_classes: int, labels: Tensor, pseudo_labels: Tensor, confident: Tensor) -> Tensor:
    """(N, K) bool: row i belongs to class k. Rows of unconfident views belong to none."""
    classes = torch.arange(num_classes, device=labels.device)
    own = torch.where(confident, pseudo_labels, -1)
    return torch.cat([classes, labels, own, own]).unsqueeze(1) == classes


def _positive_sum(rows: Tensor, members: Tensor, alone: Tensor) -> Tensor:
    """(N, D): the class's sum without the row itself, or the other view for unconfident views."""
    in_class = members @ (members.T @ rows) - members.sum(1, keepdim=True) * rows
    num_views = alone.shape[0]
    views = rows[rows.shape[0] - num_views :]
    other_view = views.roll(num_views // 2, 0) * alone.unsqueeze(1)
    return torch.cat([in_class[: rows.shape[0] - num_views], in_class[rows.shape[0] - num_views :] + other_view])


def check_shapes(
    prototypes: Tensor, labelled: Tensor, labels: Tensor, strong: Tensor, pseudo_labels: Tensor, confident: Tensor
) -> None:
    """Raise ValueError for arguments of :func:`ssc_terms` whose shapes do not fit together."""
    tensors = (prototypes, labelled, labels, strong, pseudo_labels, confident)
    fits = [t.ndim for t in tensors] == [2, 2, 1, 3, 1, 1] and prototypes.shape[0] >= 1 and strong.shape[0] == 2
    if (
        not fits
        or not prototypes.shape[1] == labelled.shape[1] == strong.shape[2]
        or labels.shape != labelled.shape[:1]
        or not pseudo_labels.shape == confident.shape == strong.shape[1:2]
    ):
        raise ValueError(
            "expected prototypes (K, D) with K >= 1, labelled (B, D), labels (B,), strong (2, U, D), pseudo_labels "
            f"(U,) and confident (U,); got {', '.join(str(tuple(t.shape)) for t in tensors)}"
        )
    if confident.dtype != torch.bool:
        raise ValueError(f"confident must be a bool mask; got {confident.dtype}")
