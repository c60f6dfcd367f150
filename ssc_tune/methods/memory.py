"""Pseudo-labels smoothed by a memory of images seen lately, as CoMatch makes them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ssc_tune.methods.moving import DistributionAlignment
from ssc_tune.methods.thresholds import Policy, PseudoLabels, Seen, members


class Bank(nn.Module):
    """The last M rows of normalized embeddings and class probabilities; the oldest make room.

    Args:
        size: M, at least as many as are written at once.
        width: D.
        num_classes: K.
    """

    embeddings: Tensor  # (M, D)
    probabilities: Tensor  # (M, K)
    count: Tensor  # () int64, rows written so far

    def __init__(self, size: int, *, width: int, num_classes: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("embeddings", torch.zeros(size, width))
        self.register_buffer("probabilities", torch.zeros(size, num_classes))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def neighbours(self, embeddings: Tensor, *, temperature: float) -> Tensor:
        """(U, K) sum over rows m of softmax_m(z_i . z_m / t) p_m, for normalized embeddings (U, D)."""
        shares = (embeddings @ self.embeddings.T / temperature).softmax(dim=-1)
        found: Tensor = shares @ self.probabilities
        return found

    @property
    def full(self) -> Tensor:
        """() bool: whether M rows have been written."""
        return self.count >= self.size

    @torch.no_grad()
    def write(self, embeddings: Tensor, probabilities: Tensor) -> None:
        """Takes in rows.

        Raises:
            ValueError: there are more than M.
        """
        if len(embeddings) > self.size:
            raise ValueError(f"a memory of {self.size} rows cannot take in {len(embeddings)} at once")
        places = (self.count + torch.arange(len(embeddings), device=self.count.device)) % self.size
        self.embeddings.index_copy_(0, places, embeddings)
        self.probabilities.index_copy_(0, places, probabilities)
        self.count.add_(len(embeddings))


class Smoothing(NamedTuple):
    """The numbers of :class:`MemorySmoothing`."""

    tau: float
    alpha: float
    temperature: float  # t
    size: int  # M
    window: int  # batches that alignment averages over
    judged_by: str = "smoothed"  # or "plain"


class MemorySmoothing(Policy):
    r"""CoMatch's pseudo-labels: aligned probabilities, smoothed by those of neighbours in a memory.

    .. math:: \tilde p_i = \mathrm{Norm}(p_i / \bar p), \qquad
              q_i = \alpha \tilde p_i + (1 - \alpha) \sum_m a_{im} p_m, \qquad
              a_{im} = \frac{\exp(z_i \cdot z_m / t)}{\sum_{m'} \exp(z_i \cdot z_{m'} / t)} .

    \bar p is the mean of p over the last batches, this one included. The memory holds z and \tilde p of weak views, and
    of labelled images z and their labels as one-hot rows; it is read before this step's rows are written. Until it is
    full q = \tilde p. An image counts where max q >= \tau, with argmax q; q are the ``targets``. ``judged_by: plain``
    takes p in the place of q for that, as the authors of arXiv 2409.07292 do with their loss, and leaves the targets.

    Source: Li, Xiong, Hoi, "CoMatch" (ICCV 2021, arXiv 2011.11183), equations 4 to 6, and its code.

    Args:
        numbers: see :class:`Smoothing`.
        num_classes: K.
    """

    reads_embeddings = True
    bank: Bank

    def __init__(self, numbers: Smoothing, *, num_classes: int) -> None:
        super().__init__()
        self.numbers, self.num_classes = numbers, num_classes
        self.alignment = DistributionAlignment(num_classes, window=numbers.window)

    def hold(self, width: int) -> None:
        """See the base."""
        self.bank = Bank(self.numbers.size, width=width, num_classes=self.num_classes)

    @torch.no_grad()
    def forward(self, seen: Seen) -> PseudoLabels:
        """See the class.

        Raises:
            ValueError: embeddings or labels are absent.
        """
        if seen.embeddings is None or seen.labelled_embeddings is None or seen.labels is None:
            raise ValueError("memory smoothing wants embeddings of both kinds of images, and labels")
        plain = seen.weak.detach().float().softmax(dim=-1)
        aligned = self.alignment(plain)
        weak, labelled = (F.normalize(z.detach().float(), dim=-1) for z in (seen.embeddings, seen.labelled_embeddings))
        alpha = self.numbers.alpha
        smoothed = alpha * aligned + (1 - alpha) * self.bank.neighbours(weak, temperature=self.numbers.temperature)
        targets = torch.where(self.bank.full, smoothed, aligned)
        known = members(seen.labels, self.num_classes)
        self.bank.write(torch.cat([weak, labelled]), torch.cat([aligned, known]))
        confidence, labels = (targets if self.numbers.judged_by == "smoothed" else plain).max(dim=-1)
        return PseudoLabels(labels, confidence >= self.numbers.tau, targets=targets)
