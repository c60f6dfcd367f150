"""Running statistics of a method, kept as buffers: step counter, averages, distribution alignment.

Buffers are changed in place and never read by the host, so that a checkpoint continues them, the moving average of the
weights takes them over, and a step can be captured.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Clock(nn.Module):
    """Counts the steps of a cell.

    Args:
        steps: the cell's steps K, at least 1.
    """

    step: Tensor  # () int64

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = max(steps, 1)
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def tick(self) -> Tensor:
        """The share k / K of the steps done before this one, float32 of shape (); then counts this one."""
        done = self.step.float() / self.steps
        self.step.add_(1)
        return done


class MovingAverage(nn.Module):
    """average <- d * average + (1 - d) * value, with d = min(decay, (1 + k) / (10 + k)) at the k-th value (from 0).

    The published rules keep d constant at 0.999, which remembers about 1,000 steps, more than a short cell has. The
    warm-up is that of the moving average of the weights.

    Args:
        start: the average before the first value.
        decay: ceiling of d, in [0, 1).
    """

    average: Tensor
    count: Tensor  # () int64, values so far

    def __init__(self, start: Tensor, *, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("average", start.clone().float())
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def forward(self, value: Tensor) -> Tensor:
        """Takes in a value of the average's shape and gives the new average."""
        done = self.count.float()
        decay = ((1 + done) / (10 + done)).clamp(max=self.decay)
        self.average.add_((1 - decay) * (value.detach().float() - self.average))
        self.count.add_(1)
        return self.average.clone()


class RecentMean(nn.Module):
    """The mean of the last n values, of all values as long as they are fewer.

    Args:
        shape: of a value.
        window: n, at least 1.
    """

    values: Tensor  # (n, ...)
    count: Tensor  # () int64, values so far

    def __init__(self, shape: tuple[int, ...], *, window: int) -> None:
        super().__init__()
        self.window = window
        self.register_buffer("values", torch.zeros(window, *shape))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def forward(self, value: Tensor) -> Tensor:
        """Takes in a value and gives the new mean."""
        place = (self.count % self.window).unsqueeze(0)
        self.values.index_copy_(0, place, value.detach().float().unsqueeze(0))
        self.count.add_(1)
        mean: Tensor = self.values.sum(0) / self.count.clamp(max=self.window)
        return mean


class DistributionAlignment(nn.Module):
    r"""Scales class probabilities so that their running mean becomes a target distribution.

    .. math:: \tilde p_i = \mathrm{Norm}\left(p_i \cdot \frac{t}{\hat p}\right), \qquad \mathrm{Norm}(x) = x / \sum x,

    \hat p being the average of the mean of p over the batch, by a moving average or over a window of batches. The
    target t is uniform, or the moving average of the mean probabilities of the labelled images. Sources: Berthelot et
    al., "ReMixMatch" (ICLR 2020), with a window of 128 batches; "AdaMatch" (ICLR 2022); uniform: Chen et al.,
    "SoftMatch" (ICLR 2023), and Li et al., "CoMatch" (ICCV 2021), with a window of 32.

    Args:
        num_classes: K.
        decay: ceiling of moving averages' decay.
        to_labelled: the target is the labelled images' distribution.
        window: batches over which p is averaged; 0 is a moving average.
    """

    def __init__(self, num_classes: int, *, decay: float = 0.0, to_labelled: bool = False, window: int = 0) -> None:
        super().__init__()
        uniform = torch.full((num_classes,), 1 / num_classes)
        self.predicted = RecentMean((num_classes,), window=window) if window else MovingAverage(uniform, decay=decay)
        self.labelled = MovingAverage(uniform, decay=decay) if to_labelled else None

    @torch.no_grad()
    def forward(self, probabilities: Tensor, labelled: Tensor | None = None) -> Tensor:
        """Aligned probabilities (U, K) of those of unlabelled (U, K) and, where they are the target, labelled (B, K).

        Raises:
            ValueError: the target is the labelled images' distribution and there is none.
        """
        predicted = self.predicted(probabilities.mean(0))
        target = torch.full_like(predicted, 1 / len(predicted))
        if self.labelled is not None:
            if labelled is None:
                raise ValueError("alignment to the labelled images wants their probabilities")
            target = self.labelled(labelled.mean(0))
        aligned: Tensor = probabilities * target / predicted.clamp(min=1e-12)
        shares: Tensor = aligned / aligned.sum(dim=-1, keepdim=True)
        return shares
