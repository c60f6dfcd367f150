"""CoMatch's contrast of two graphs: one of pseudo-labels, one of embeddings."""

from __future__ import annotations

import torch
from torch import Tensor

from ssc_tune.losses.contrast import Scalar, check_temperature, full_precision, scaled_directions


def graph_loss(
    first: Tensor, second: Tensor, probabilities: Tensor, *, threshold: float, temperature: Scalar
) -> Tensor:
    r"""The mean cross-entropy of two graphs' rows; images that are likely of one class shall lie close.

    .. math:: L = -\frac1U \sum_{i,j} \hat W_{ij} \log \frac{\exp(z_i \cdot z'_j / t)}{\sum_a \exp(z_i \cdot z'_a / t)},
              \qquad W_{ij} = \begin{cases} 1 & i = j \\ q_i \cdot q_j & i \ne j,\ q_i \cdot q_j \ge T \\ 0 &
              \text{else} \end{cases}, \qquad \hat W_{ij} = \frac{W_{ij}}{\sum_a W_{ia}},

    z and z' being the normalized embeddings of both strong views and q class probabilities, without gradient.

    Source: Li, Xiong, Hoi, "CoMatch" (ICCV 2021, arXiv 2011.11183), equations 7 to 10. Their code has log(x + 1e-7) in
    the place of log x.

    Args:
        first: (U, D) embeddings of one strong view; U may be 0.
        second: (U, D) embeddings of the other, row by row of the same images.
        probabilities: (U, K) q.
        threshold: T; above 1 images have no neighbour but themselves.
        temperature: t > 0, a number or a tensor of shape ().

    Returns:
        Scalar, float32, or float64 for float64 embeddings; 0 with zero gradients where U is 0.

    Raises:
        ValueError: shapes that do not fit together, or a temperature that is not positive.
    """
    if first.ndim != 2 or first.shape != second.shape or probabilities.shape[:-1] != first.shape[:1]:
        raise ValueError(
            "both views must be (U, D) and probabilities (U, K); got "
            f"{tuple(first.shape)}, {tuple(second.shape)} and {tuple(probabilities.shape)}"
        )
    check_temperature(temperature)
    with full_precision(first):
        one, other = (scaled_directions(view, temperature) for view in (first, second))
        likely = probabilities.detach().to(one.dtype)
        agreement = likely @ likely.T
        itself = torch.eye(len(one), dtype=torch.bool, device=one.device)
        edges = torch.where(itself, 1.0, torch.where(agreement >= threshold, agreement, 0.0))
        shares = edges / edges.sum(dim=1, keepdim=True)
        return -(shares * (one @ other.T).log_softmax(dim=1)).sum() / max(len(one), 1)
