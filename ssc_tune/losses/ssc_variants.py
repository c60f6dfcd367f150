r"""Variants of SSC for ablations and reproduction: where unconfident images stand, and what weights are divided by.

``unconfident``:

- ``joint``: in the one loss, as in :mod:`ssc_tune.losses.ssc`.
- ``absent``: nowhere; their rows leave the denominators too, which weight 0 does not do.
- ``separate``: absent from the joint loss, and in an NT-Xent of their own, whose mean over them has their weight.

``normalization``, with w_i the weight and l_i the loss of anchor i, N rows, and M of them with a weight and a positive:

.. math:: \text{ours: } \frac{\sum_{i \text{ with a positive}} w_i l_i}{\sum_{i \text{ with a positive}} w_i}, \qquad
          \text{authors: } \frac{N}{M} \cdot \frac{\sum_{i \text{ with a positive}} w_i l_i}{\sum_i w_i} .

The authors' code scales weights to a mean of 1 over all rows, and then takes the mean over entries that are not 0.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from ssc_tune.losses.contrast import Scalar, check_temperature, full_precision, log_sums_of_present, mean_shares
from ssc_tune.losses.nt_xent import masked_nt_xent_loss
from ssc_tune.losses.ssc import SSCTerms, check_shapes, rows_of, weights_of

Unconfident = Literal["joint", "separate", "absent"]
Normalization = Literal["ours", "authors"]


def ssc_variant_terms(
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
    unconfident: Unconfident,
    normalization: Normalization,
) -> SSCTerms:
    """The loss of a variant and what each role adds to it; other arguments and errors as of :func:`ssc_terms`.

    Equal to :func:`ssc_terms` for ``joint`` and ``ours``, with more memory.
    """
    check_shapes(prototypes, labelled, labels, strong, pseudo_labels, confident)
    check_temperature(temperature)
    num_classes, num_certain = prototypes.shape[0], prototypes.shape[0] + labelled.shape[0]
    with full_precision(prototypes):
        rows = rows_of(prototypes, labelled, strong, temperature)
        present = torch.ones_like(rows[:, 0], dtype=torch.bool)
        if unconfident != "joint":
            present = torch.cat([present[:num_certain], confident, confident])
        images = num_classes + torch.arange(len(confident), device=labels.device)
        own = torch.where(confident, pseudo_labels, images)
        classes = torch.cat([torch.arange(num_classes, device=labels.device), labels, own, own])
        losses, num_positives = _anchors(rows, classes, present)
        sure = confident.to(rows.dtype).repeat(2)
        of_views = sure * confident_weight + (1 - sure) * unconfident_weight
        weights = weights_of(rows, num_classes, prototype_weight, of_views)
        shares = _shares(losses, weights * present, num_positives, present, normalization)
        unlabelled, certain = shares[num_certain:], confident.repeat(2)
        alone = torch.where(certain, 0.0, unlabelled).sum()
        if unconfident == "separate":
            views = strong[0], strong[1]
            alone = unconfident_weight * masked_nt_xent_loss(*views, ~confident, temperature=temperature)
        roles = (
            shares[:num_classes].sum(),
            shares[num_classes:num_certain].sum(),
            torch.where(certain, unlabelled, 0.0).sum(),
            alone,
        )
        return SSCTerms(roles[0] + roles[1] + roles[2] + roles[3], *roles)


def _anchors(rows: Tensor, classes: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """Loss and number of positives of each anchor, among the rows that are present; 0 and 0 for the others."""
    log_sums, similarities, hidden = log_sums_of_present(rows, present)
    positive = (classes.unsqueeze(1) == classes) & ~hidden & present.unsqueeze(1)
    num_positives = positive.sum(1)
    losses = log_sums - (positive * similarities).sum(1) / num_positives.clamp(min=1)
    return torch.where(num_positives > 0, losses, 0.0), num_positives


def _shares(
    losses: Tensor, weights: Tensor, num_positives: Tensor, present: Tensor, normalization: Normalization
) -> Tensor:
    """Each anchor's part in the weighted mean."""
    if normalization == "ours":
        return mean_shares(losses, weights, num_positives)
    counted = torch.where(num_positives > 0, weights, 0.0)
    total = weights.sum() * (counted > 0).sum() / present.sum()
    return counted * losses / torch.where(total == 0, 1.0, total)
