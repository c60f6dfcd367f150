"""Supervised contrastive loss."""

from __future__ import annotations

import torch
from torch import Tensor

from ssc_tune.losses.contrast import (
    Scalar,
    anchor_losses,
    check_temperature,
    full_precision,
    mean_shares,
    scaled_directions,
)


def supcon_loss(embeddings: Tensor, labels: Tensor, *, temperature: Scalar, weights: Tensor | None = None) -> Tensor:
    r"""L_out of Khosla et al., "Supervised Contrastive Learning" (NeurIPS 2020), with a weight for each anchor.

    .. math:: L = \frac{\sum_i w_i l_i}{\sum_i w_i}, \qquad
              l_i = -\frac{1}{|P(i)|} \sum_{j \in P(i)}
                    \log \frac{\exp(z_i \cdot z_j / T)}{\sum_{a \ne i} \exp(z_i \cdot z_a / T)},

    z_i = embeddings_i / \|embeddings_i\|, P(i) the other rows with the label of row i. Both sums of L run over the
    anchors with at least one positive; rows without one still stand in the denominators of the others. L is 0, with
    zero gradients, where the weights of those anchors sum to 0. Weight 0 is legal, and L is continuous there as long as
    another weight remains (where all are 0 the mean is 0/0, and no value would make it continuous).

    The paper sums over anchors; this is the mean, so that L does not grow with the batch.

    Args:
        embeddings: (N, D) of any length; float16 and bfloat16 are accumulated in float32.
        labels: (N,) any integers; equal means positive.
        temperature: T > 0, a number or a tensor of shape ().
        weights: (N,) not negative; all 1 when absent.

    Returns:
        Scalar, float32, or float64 for float64 embeddings. Differentiable once.

    Raises:
        ValueError: shapes that do not fit together, or a temperature that is not positive.
    """
    num_rows = embeddings.shape[0]
    if embeddings.ndim != 2 or labels.shape != (num_rows,) or (weights is not None and weights.shape != (num_rows,)):
        raise ValueError(
            f"embeddings must be (N, D), labels and weights (N,); got {tuple(embeddings.shape)}, {tuple(labels.shape)}"
            + ("" if weights is None else f" and {tuple(weights.shape)}")
        )
    check_temperature(temperature)
    with full_precision(embeddings):
        rows = scaled_directions(embeddings, temperature)
        same = (labels.unsqueeze(1) == labels.unsqueeze(0)).to(rows.dtype)  # (N, N), the diagonal included
        num_positives = same.sum(1) - 1
        losses = anchor_losses(rows, same @ rows - rows, num_positives)
        weights = torch.ones_like(losses) if weights is None else weights.to(losses.dtype)
        return mean_shares(losses, weights, num_positives).sum()
