r"""What the contrastive losses share: the log-sum-exp over all other rows, and the weighted mean over anchors.

For rows z_i of norm 1 the loss of anchor i (Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, L_out) is

.. math:: l_i = -\frac{1}{|P(i)|} \sum_{j \in P(i)}
                    \log \frac{\exp(z_i \cdot z_j / T)}{\sum_{a \ne i} \exp(z_i \cdot z_a / T)}
              = \log \sum_{a \ne i} \exp(z_i \cdot z_a / T) - \frac{z_i}{T |P(i)|} \cdot \sum_{j \in P(i)} z_j ,

so that only the first term needs an N x N matrix; the second needs the sum of the positives alone.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Scalar = float | Tensor
"""A Python number or a tensor of shape ()."""


class _LogSumExpOfOthers(torch.autograd.Function):
    """lse_i = log sum_{a != i} exp(x_i . x_a) for x (N, D); keeps one N x N matrix where autograd's own keeps three."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        exponentials = x @ x.T
        exponentials.diagonal().fill_(torch.finfo(x.dtype).min)  # finite: a lone row must not give NaN
        largest = exponentials.amax(1, keepdim=True)
        exponentials.sub_(largest).exp_()
        sums = exponentials.sum(1, keepdim=True)
        return (sums.log() + largest).squeeze(1), exponentials, sums

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: tuple[Tensor, Tensor, Tensor]) -> None:
        _, exponentials, sums = output
        ctx.mark_non_differentiable(exponentials, sums)
        ctx.save_for_backward(inputs[0], exponentials, sums)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> Tensor:
        x, exponentials, sums = ctx.saved_tensors
        rows = gradient.unsqueeze(1) / sums  # (N, 1); the probability matrix is diag(1 / sums) @ exponentials
        with full_precision(x):  # the caller may run backward under autocast
            return torch.addmm(rows * (exponentials @ x), exponentials.T, rows * x)


def accumulator(x: Tensor) -> Tensor:
    """``x`` in the precision that losses are summed in: float32, or float64 where it already is."""
    return x if x.dtype == torch.float64 else x.float()


def full_precision(x: Tensor) -> torch.autocast:
    """A context without autocast on the device of ``x``: inside it a matrix product keeps its inputs' precision."""
    return torch.autocast(device_type=x.device.type, enabled=False)


def check_temperature(temperature: Scalar) -> None:
    """Raise ValueError for a number that is not positive; a tensor is not read, which would wait for the device."""
    if not isinstance(temperature, Tensor) and not temperature > 0:
        raise ValueError(f"temperature ({temperature}) must be positive")


def scaled_directions(x: Tensor, temperature: Scalar) -> Tensor:
    """Rows of ``x`` (N, D) normalized and divided by sqrt(T): their inner products are cosine / T."""
    return F.normalize(accumulator(x), dim=1) / temperature**0.5


def anchor_losses(scaled: Tensor, positive_sum: Tensor, num_positives: Tensor) -> Tensor:
    """The losses l_i (N,) of the module's equation; 0, without gradient, for anchors that have no positive.

    Args:
        scaled: (N, D) from :func:`scaled_directions`.
        positive_sum: (N, D) sum of the scaled rows of each anchor's positives, itself excluded.
        num_positives: (N,) their number.
    """
    if scaled.shape[0] == 0:
        return scaled.sum(1)
    log_sum = _LogSumExpOfOthers.apply(scaled)[0]
    losses: Tensor = log_sum - (scaled * positive_sum).sum(1) / num_positives.clamp(min=1)
    return torch.where(num_positives > 0, losses, 0.0)


def log_sums_of_present(scaled: Tensor, present: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """As the first term of the module's equation, over those other rows alone that are ``present`` (N,), bool.

    Returns:
        The log-sums (N,), finite where no other row is present; the (N, N) inner products of the rows; and (N, N) bool,
        true where column a is no row for anchor i. Shapes do not depend on how many rows are present.
    """
    similarities = scaled @ scaled.T
    hidden = torch.eye(len(scaled), dtype=torch.bool, device=scaled.device) | ~present
    log_sums = similarities.masked_fill(hidden, torch.finfo(scaled.dtype).min).logsumexp(1)
    return log_sums, similarities, hidden


def mean_shares(losses: Tensor, weights: Tensor, num_positives: Tensor) -> Tensor:
    """The part (N,) of each anchor in the weighted mean: w_i l_i / sum_j w_j, over anchors with a positive.

    All 0, with zero gradients, where those weights sum to 0.
    """
    weights = torch.where(num_positives > 0, weights, 0.0)
    total = weights.sum()
    return weights * losses / torch.where(total == 0, 1.0, total)
