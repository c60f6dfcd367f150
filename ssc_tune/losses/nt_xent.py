"""Normalized temperature-scaled cross-entropy loss."""

from __future__ import annotations

import torch
from torch import Tensor

from ssc_tune.losses.contrast import (
    Scalar,
    anchor_losses,
    check_temperature,
    full_precision,
    log_sums_of_present,
    scaled_directions,
)


def nt_xent_loss(first: Tensor, second: Tensor, *, temperature: Scalar) -> Tensor:
    r"""NT-Xent of Chen et al., "A Simple Framework for Contrastive Learning" (SimCLR, ICML 2020).

    .. math:: L = -\frac{1}{2N} \sum_{i=1}^{2N}
                  \log \frac{\exp(z_i \cdot z_{p(i)} / T)}{\sum_{a \ne i} \exp(z_i \cdot z_a / T)}

    over the 2N normalized rows of both views, p(i) being the other view of the same image.

    Args:
        first: (N, D) embeddings of one view; float16 and bfloat16 are accumulated in float32.
        second: (N, D) embeddings of the other view, row by row of the same images.
        temperature: T > 0, a number or a tensor of shape ().

    Returns:
        Scalar, float32, or float64 for float64 embeddings; 0 with zero gradients where N is 0. Differentiable once.

    Raises:
        ValueError: views of different shapes, or a temperature that is not positive.
    """
    with full_precision(first):
        rows = _rows(first, second, temperature)
        other_view = rows.roll(first.shape[0], 0)
        losses = anchor_losses(rows, other_view, torch.ones_like(rows[:, 0]))
        return losses.sum() / max(losses.shape[0], 1)


def masked_nt_xent_loss(first: Tensor, second: Tensor, present: Tensor, *, temperature: Scalar) -> Tensor:
    """:func:`nt_xent_loss` of those images alone that are ``present`` (N,), bool; 0 where none is.

    The shapes do not depend on how many those are. Arguments and errors otherwise as there.
    """
    with full_precision(first):
        rows = _rows(first, second, temperature)
        shown = present.repeat(2)
        losses = log_sums_of_present(rows, shown)[0] - (rows * rows.roll(first.shape[0], 0)).sum(1)
        return torch.where(shown, losses, 0.0).sum() / shown.sum().clamp(min=1)


def _rows(first: Tensor, second: Tensor, temperature: Scalar) -> Tensor:
    """(2N, D), normalized and divided by sqrt(T)."""
    if first.ndim != 2 or first.shape != second.shape:
        raise ValueError(f"both views must be (N, D); got {tuple(first.shape)} and {tuple(second.shape)}")
    check_temperature(temperature)
    return scaled_directions(torch.cat([first, second]), temperature)
