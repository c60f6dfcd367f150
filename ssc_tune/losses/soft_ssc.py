r"""SSC for images that are confident by degrees.

With m_i in [0, 1] the weight of image i, each of its strong views stands once among the rows and is an anchor in both
roles: in that of its pseudo-label with weight m_i lambda_conf, and in that of its own with (1 - m_i) lambda_unconf.
With c(i) the class of a row, m = 1 for prototypes and labelled images, and i' the other view of i,

.. math:: L = \frac{\sum_i w_i l_i + \sum_u w'_u l'_u}{\sum_i w_i + \sum_u w'_u}, \quad
          l_i = \log \sum_{a \ne i} e^{z_i \cdot z_a / T}
                - \frac{z_i}{T} \cdot \frac{\sum_{j \ne i, c(j) = c(i)} m_j z_j}{\sum_{j \ne i, c(j) = c(i)} m_j}, \quad
          l'_u = \log \sum_{a \ne u} e^{z_u \cdot z_a / T} - \frac{z_u \cdot z_{u'}}{T} .

Where every m is 0 or 1 this is :func:`ssc_tune.losses.ssc_terms`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ssc_tune.losses.contrast import Scalar, anchor_losses, check_temperature, full_precision
from ssc_tune.losses.ssc import SSCTerms, rows_of, weights_of


def soft_ssc_terms(
    prototypes: Tensor,
    labelled: Tensor,
    labels: Tensor,
    strong: Tensor,
    pseudo_labels: Tensor,
    certainty: Tensor,
    *,
    temperature: Scalar,
    prototype_weight: Scalar,
    confident_weight: Scalar,
    unconfident_weight: Scalar,
) -> SSCTerms:
    """The loss of this module and what each role adds to it.

    The arguments are those of :func:`ssc_tune.losses.ssc_terms`, but for certainty: (U,) m in [0, 1].

    Raises:
        ValueError: a certainty that is no float, or a temperature that is not positive.
    """
    if not certainty.is_floating_point():
        raise ValueError(f"certainty must be of a float type; got {certainty.dtype}")
    check_temperature(temperature)
    num_classes, num_certain = prototypes.shape[0], prototypes.shape[0] + labelled.shape[0]
    with full_precision(prototypes):
        rows = rows_of(prototypes, labelled, strong, temperature)
        mass = torch.cat([rows.new_ones(num_certain), certainty.to(rows.dtype).repeat(2)])  # (N,)
        classes = torch.arange(num_classes, device=labels.device)
        of_row = torch.cat([classes, labels, pseudo_labels, pseudo_labels])
        members = (of_row.unsqueeze(1) == classes).to(rows.dtype)  # (N, K)
        mean_positive, present = _mean_positive(rows, members, mass)
        weights = weights_of(rows, num_classes, prototype_weight, mass[num_certain:] * confident_weight) * present
        own_weights = (1 - mass[num_certain:]) * unconfident_weight
        as_class = weights * anchor_losses(rows, mean_positive, present)
        as_itself = own_weights * _alone(rows, num_certain)
        total = weights.sum() + own_weights.sum()
        total = torch.where(total == 0, 1.0, total)
        shares = (
            as_class[:num_classes].sum() / total,
            as_class[num_classes:num_certain].sum() / total,
            as_class[num_certain:].sum() / total,
            as_itself.sum() / total,
        )
        return SSCTerms(shares[0] + shares[1] + shares[2] + shares[3], *shares)


_LEAST = 1e-6
"""Weights of positives that sum to less are none: what rounding leaves of an anchor that is its class's only row."""


def _mean_positive(rows: Tensor, members: Tensor, mass: Tensor) -> tuple[Tensor, Tensor]:
    """(N, D) weighted mean of the other rows of each row's class, and (N,) 1 where there are any."""
    weighted = members * mass.unsqueeze(1)
    amounts = members @ weighted.sum(0) - mass
    sums = members @ (weighted.T @ rows) - mass.unsqueeze(1) * rows
    present = amounts > _LEAST
    return sums / torch.where(present, amounts, 1.0).unsqueeze(1), present.to(rows.dtype)


def _alone(rows: Tensor, num_certain: int) -> Tensor:
    """l'_u (2U,) of the strong views."""
    views = rows[num_certain:]
    other_view = torch.cat([torch.zeros_like(rows[:num_certain]), views.roll(views.shape[0] // 2, 0)])
    return anchor_losses(rows, other_view, torch.ones_like(rows[:, 0]))[num_certain:]
