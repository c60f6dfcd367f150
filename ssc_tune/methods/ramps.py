"""Weights of the unlabelled term that grow over a cell."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from ssc_tune.methods.moving import Clock
from ssc_tune.methods.thresholds import Policy, PseudoLabels, Seen, fixed_threshold

Shape = Literal["linear", "sigmoid"]


class RampedThreshold(Policy):
    r"""A fixed threshold, and a weight that rises from the first step to share r of the cell's steps.

    .. math:: w(k) = x \text{ (linear)} \quad \text{or} \quad e^{-5 (1 - x)^2} \text{ (sigmoid)},
              \qquad x = \min\left(1, \frac{k}{r K}\right)

    at step k (from 0) of K. Images weigh w where max p >= tau and 0 elsewhere, or w everywhere.

    Args:
        tau: the threshold.
        steps: K.
        share: r; 0 is full weight from the start.
        shape: of w.
        everywhere: whether the threshold only says which images are called confident.
    """

    def __init__(self, tau: float, *, steps: int, share: float, shape: Shape, everywhere: bool = False) -> None:
        super().__init__()
        self.tau, self.share, self.shape, self.everywhere = tau, share, shape, everywhere
        self.clock = Clock(steps)

    def forward(self, seen: Seen) -> PseudoLabels:
        """See the class."""
        done = self.clock.tick()
        risen = (done / self.share).clamp(max=1) if self.share > 0 else torch.ones_like(done)
        weight: Tensor = risen if self.shape == "linear" else (-5 * (1 - risen).square()).exp()
        labels, confident = fixed_threshold(seen.weak, tau=self.tau)[:2]
        counted = torch.ones_like(confident) if self.everywhere else confident
        return PseudoLabels(labels, confident, weight * counted.float())
