"""Consistency of two views of an image, as squared errors, cross-entropy or divergence of distributions."""

from __future__ import annotations

import torch
from torch import Tensor

from ssc_tune.losses.contrast import Scalar, accumulator, check_temperature, full_precision


def squared_consistency(student: Tensor, teacher: Tensor, weights: Tensor) -> Tensor:
    r"""(1 / U K) sum_i w_i |softmax(student_i) - softmax(teacher_i)|^2; no gradient to the teacher.

    Source: Tarvainen and Valpola, "Mean teachers are better role models" (NeurIPS 2017).

    Args:
        student: (U, K) logits.
        teacher: (U, K) logits.
        weights: (U,).
    """
    with full_precision(student):
        gap = accumulator(student).softmax(dim=-1) - accumulator(teacher.detach()).softmax(dim=-1)
        return (weights * gap.square().mean(dim=-1)).sum() / max(student.shape[0], 1)


def sharpened_consistency(strong: Tensor, weak: Tensor, confident: Tensor, *, temperature: Scalar) -> Tensor:
    r"""(1 / U) sum over views and confident images of KL(q_i || p_i), q = softmax(weak / T) without gradient.

    p = softmax(strong). Source: Xie et al., "Unsupervised Data Augmentation" (NeurIPS 2020).

    Args:
        strong: (V, U, K) logits.
        weak: (U, K) logits.
        confident: (U,) bool.
        temperature: T > 0; below 1 it sharpens.

    Raises:
        ValueError: a temperature that is not positive.
    """
    check_temperature(temperature)
    with full_precision(strong):
        goal = (accumulator(weak.detach()) / temperature).softmax(dim=-1)
        divergence = -torch.special.entr(goal).sum(dim=-1) - (goal * accumulator(strong).log_softmax(dim=-1)).sum(
            dim=-1
        )
        return torch.where(confident, divergence, 0.0).sum() / max(strong.shape[1], 1)


def soft_cross_entropy(logits: Tensor, targets: Tensor, confident: Tensor) -> Tensor:
    """-(1 / U) sum over confident images i of sum_c q_i(c) log softmax(logits_i)(c); no gradient to the targets.

    Args:
        logits: (U, K).
        targets: (U, K) q.
        confident: (U,) bool.
    """
    with full_precision(logits):
        each = -(targets.detach() * accumulator(logits).log_softmax(dim=-1)).sum(dim=-1)
        return torch.where(confident, each, 0.0).sum() / max(len(logits), 1)
