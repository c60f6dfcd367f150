"""A threshold on the loss that falls from stage to stage, as Dash has it."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ssc_tune.methods.moving import MovingAverage
from ssc_tune.methods.thresholds import Policy, PseudoLabels, Seen


class Fall(NamedTuple):
    """The numbers of :class:`FallingThreshold`."""

    scale: float  # C
    base: float  # gamma
    least: float  # rho_min
    warmup: float  # share of the steps
    period: float  # share of the steps


class FallingThreshold(Policy):
    r"""Dash's threshold: an image counts where the loss of its weak view, for its own pseudo-label, is small enough.

    .. math:: -\log \max p_i \le \rho_t, \qquad \rho_t = \max(C \gamma^{-(t - 1)} \hat\rho,\ \rho_{\min})

    in stage t = 1, 2, ... after a warm-up in which no image counts. \hat\rho is the labelled images' loss: the moving
    average of their cross-entropy over the steps of the warm-up, from log K on. Warm-up and stages have at least one
    step. With hard pseudo-labels this is a threshold exp(-\rho_t) of confidence, which rises to exp(-\rho_{\min}).

    Source: Xu et al., "Dash" (ICML 2021, arXiv 2109.00650), algorithm 1 and equation 8.

    Args:
        fall: see :class:`Fall`.
        num_classes: K.
        steps: of the cell.
        decay: ceiling of the average's decay.
    """

    reads_labelled = True
    step: Tensor  # () int64

    def __init__(self, fall: Fall, *, num_classes: int, steps: int, decay: float) -> None:
        super().__init__()
        self.fall = fall
        self.warmup, self.period = (max(1, round(share * steps)) for share in (fall.warmup, fall.period))
        self.loss = MovingAverage(torch.full((), math.log(num_classes)), decay=decay)
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def forward(self, seen: Seen) -> PseudoLabels:
        """See the class.

        Raises:
            ValueError: the labelled images' logits or labels are absent.
        """
        if seen.labelled is None or seen.labels is None:
            raise ValueError("a threshold on the loss wants the logits of the labelled images, and labels")
        warm = self.step < self.warmup
        now = F.cross_entropy(seen.labelled.detach().float(), seen.labels)
        start = self.loss(torch.where(warm, now, self.loss.average))
        stages = (self.step - self.warmup).clamp(min=0) // self.period
        threshold = (self.fall.scale * start * self.fall.base ** -stages.float()).clamp(min=self.fall.least)
        self.step.add_(1)
        confidence, labels = seen.weak.detach().float().log_softmax(dim=-1).max(dim=-1)
        return PseudoLabels(labels, (-confidence <= threshold) & ~warm)
