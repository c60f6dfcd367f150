"""Threshold policies: which pseudo-labels count, and how much.

A policy is a module that the head holds. One with state keeps it in buffers that are changed in place (see
:mod:`ssc_tune.methods.moving`); the fixed threshold has none. All work on logits, whatever makes them: a classifier, or
cosines to prototypes divided by their temperature.
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn

from ssc_tune.methods.moving import DistributionAlignment, MovingAverage

Mapping = Literal["convex", "linear", "concave"]


class PseudoLabels(NamedTuple):
    """What a threshold policy makes of class probabilities."""

    labels: Tensor  # (U,) int64
    confident: Tensor  # (U,) bool
    weights: Tensor | None = None  # (U,) float32 in [0, 1] where images count by degrees; none where ``confident`` says
    targets: Tensor | None = None  # (U, K) float32 distributions, where the policy makes them


class Seen(NamedTuple):
    """What a policy may look at. It takes no gradient from it."""

    weak: Tensor  # (U, K) logits of the weak views
    labelled: Tensor | None = None  # (B, K) logits of the labelled images, where the policy reads them
    indices: Tensor | None = None  # (U,) int64, the unlabelled images' places in the training part
    labels: Tensor | None = None  # (B,) int64, of the labelled images
    embeddings: Tensor | None = None  # (U, D) of the weak views, where the policy reads them
    labelled_embeddings: Tensor | None = None  # (B, D), as these


def fixed_threshold(logits: Tensor, *, tau: float) -> PseudoLabels:
    """Pseudo-label argmax p, confident where max p >= tau, with p = softmax(logits) of shape (U, K); no gradient."""
    confidence, labels = logits.detach().float().softmax(dim=-1).max(dim=-1)
    return PseudoLabels(labels, confidence >= tau)


class Policy(nn.Module):
    """The base of threshold policies; by itself it judges nothing."""

    reads_labelled: ClassVar[bool] = False  # whether ``Seen.labelled`` is wanted
    reads_embeddings: ClassVar[bool] = False  # whether both of ``Seen``'s embeddings are wanted
    regularizes: ClassVar[bool] = False  # whether there are ``regularizers``

    def hold(self, width: int) -> None:
        """Makes room for embeddings of this width, where any are kept; a head with embeddings calls it once."""

    def forward(self, seen: Seen) -> PseudoLabels:
        """Pseudo-labels of one step; moves the state by this step."""
        raise NotImplementedError

    def regularizers(self, strong: Tensor, pseudo: PseudoLabels) -> dict[str, Tensor]:
        """Further terms of the loss, by name, from logits of the strong views (V, U, K), after :meth:`forward`."""
        return {}


class FixedThreshold(Policy):
    """max p >= tau."""

    def __init__(self, tau: float) -> None:
        super().__init__()
        self.tau = tau

    def forward(self, seen: Seen) -> PseudoLabels:
        """See the class."""
        return fixed_threshold(seen.weak, tau=self.tau)


class CurriculumThreshold(Policy):
    r"""FlexMatch's threshold of each class, by how much of it has been learnt.

    .. math:: \sigma(c) = \#\{n : \hat u_n = c\}, \quad
              \beta(c) = \frac{\sigma(c)}{\max\{\max_{c'} \sigma(c'),\ N - \sum_{c'} \sigma(c')\}}, \quad
              T(c) = M(\beta(c))\, \tau, \quad M(x) = \frac{x}{2 - x}

    \hat u_n is the latest pseudo-label that image n got with confidence of at least tau, whatever its threshold was;
    N is the number of unlabelled images. Without warm-up the second part of the maximum is absent. An image counts
    where max p >= T(argmax p): at first, with \sigma = 0, every one does. Thresholds are those before the step.
    M may also be linear, x, or concave, ln(x + 1) / ln 2. Of an image that stands in a step twice the later counts.

    Source: Zhang et al., "FlexMatch" (NeurIPS 2021), algorithm 1, equations 5 to 7 and 11.

    Args:
        tau: the threshold of a class that is learnt best.
        num_classes: K.
        images: of the training part; ``Seen.indices`` are below it.
        unlabelled: N.
        warmup: threshold warm-up.
        mapping: M.
    """

    latest: Tensor  # (images,) int64, -1 where an image has not been confident yet

    def __init__(
        self, *, tau: float, num_classes: int, images: int, unlabelled: int, warmup: bool, mapping: Mapping
    ) -> None:
        super().__init__()
        self.tau, self.num_classes, self.unlabelled = tau, num_classes, unlabelled
        self.warmup, self.mapping = warmup, mapping
        self.register_buffer("latest", torch.full((images,), -1, dtype=torch.int64))

    @torch.no_grad()
    def thresholds(self) -> Tensor:
        """T (K,)."""
        counts = torch.zeros(self.num_classes + 1, dtype=torch.int64, device=self.latest.device)
        learnt = counts.index_add_(0, self.latest + 1, torch.ones_like(self.latest))[1:]
        most = learnt.max()
        if self.warmup:
            most = torch.maximum(most, self.unlabelled - learnt.sum())
        share = learnt / most.clamp(min=1)
        if self.mapping == "convex":
            share = share / (2 - share)
        elif self.mapping == "concave":
            share = (share + 1).log() / math.log(2)
        return self.tau * share

    @torch.no_grad()
    def forward(self, seen: Seen) -> PseudoLabels:
        """See the class.

        Raises:
            ValueError: the images' indices are absent.
        """
        if seen.indices is None:
            raise ValueError("thresholds by class want the indices of the unlabelled images")
        confidence, labels = seen.weak.detach().float().softmax(dim=-1).max(dim=-1)
        confident = confidence >= self.thresholds()[labels]
        # The latest place of each image in the step, found without an order of writes.
        places = torch.where(confidence >= self.tau, torch.arange(len(labels), device=labels.device), -1)
        last = torch.full_like(self.latest, -1).scatter_reduce_(0, seen.indices, places, "amax")
        if len(labels):
            self.latest.copy_(torch.where(last >= 0, labels[last.clamp(min=0)], self.latest))
        return PseudoLabels(labels, confident)


class SelfAdaptiveThreshold(Policy):
    r"""FreeMatch's thresholds, one for all and one of each class, and its fairness term.

    .. math:: \tau_t = \mathrm{EMA}\Big(\frac1U \sum_i \max p_i\Big), \quad
              \tilde p_t = \mathrm{EMA}\Big(\frac1U \sum_i p_i\Big), \quad
              \tau_t(c) = \frac{\tilde p_t(c)}{\max_{c'} \tilde p_t(c')}\, \tau_t ,

    all starting at 1 / K. An image counts where max p >= \tau_t(argmax p), after this step's update. With
    \tilde h the moving average of the histogram of pseudo-labels, and over the images that count
    \bar p the mean and \bar h the histogram of argmax of the strong views' probabilities,

    .. math:: L_f = \sum_c a(c) \log b(c), \quad a = \mathrm{Norm}(\tilde p_t / \tilde h_t), \quad
              b = \mathrm{Norm}(\bar p / \bar h),

    which is minus a cross-entropy, and below 0. Classes without an image have ratio 0, and 1e-12 stands inside the
    logarithm; L_f is 0 where no image counts. With V strong views \bar p and \bar h are over all of them.

    Source: Wang et al., "FreeMatch" (ICLR 2023), equations 5 to 11.

    Args:
        num_classes: K.
        decay: ceiling of the averages' decay, 0.999 in the paper.
        fairness_weight: w_f of the term ``fairness``, 0 for none.
    """

    regularizes = True

    def __init__(self, *, num_classes: int, decay: float, fairness_weight: float) -> None:
        super().__init__()
        self.num_classes, self.fairness_weight = num_classes, fairness_weight
        uniform = torch.full((num_classes,), 1 / num_classes)
        self.confidence = MovingAverage(torch.full((), 1 / num_classes), decay=decay)
        self.probabilities = MovingAverage(uniform, decay=decay)
        self.histogram = MovingAverage(uniform, decay=decay)

    @torch.no_grad()
    def forward(self, seen: Seen) -> PseudoLabels:
        """See the class."""
        probabilities = seen.weak.detach().float().softmax(dim=-1)
        confidence, labels = probabilities.max(dim=-1)
        overall = self.confidence(confidence.mean())
        by_class = self.probabilities(probabilities.mean(0))
        self.histogram(members(labels, self.num_classes).mean(0))
        thresholds = overall * by_class / by_class.max()
        return PseudoLabels(labels, confidence >= thresholds[labels])

    def regularizers(self, strong: Tensor, pseudo: PseudoLabels) -> dict[str, Tensor]:
        """``fairness``: w_f L_f."""
        counted = pseudo.confident.float().repeat(strong.shape[0]).unsqueeze(1)  # (V * U, 1)
        probabilities = strong.float().flatten(0, 1).softmax(dim=-1)
        histogram = (counted * members(probabilities.argmax(dim=-1), self.num_classes)).sum(0)
        goal = _shares(self.probabilities.average, self.histogram.average).clone()
        logarithms = (_shares((counted * probabilities).sum(0), histogram) + 1e-12).log()
        term = torch.where(counted.sum() > 0, (goal * logarithms).sum(), 0.0)
        return {"fairness": self.fairness_weight * term}


class GaussianWeights(Policy):
    r"""SoftMatch's weights: every pseudo-label counts, less so the further below the usual its confidence is.

    .. math:: \lambda_i = \exp\left(-\frac{\min(c_i - \mu_t, 0)^2}{2 \sigma_t^2 / n^2}\right),
              \quad c_i = \max \tilde p_i

    \mu_t and \sigma_t^2 are moving averages of mean and unbiased variance of the batch's confidences, from 1 / K and 1
    on. \tilde p is p aligned to the uniform distribution, or p itself; the pseudo-label is argmax p in either case.
    ``confident`` are images with a weight of at least 0.5.

    Source: Chen et al., "SoftMatch" (ICLR 2023), with n = 2 as in its code (USB); the paper's equation 5 has n = 1.

    Args:
        num_classes: K.
        decay: ceiling of the averages' decay, 0.999 in the paper.
        num_sigmas: n.
        align: uniform alignment.
    """

    def __init__(self, *, num_classes: int, decay: float, num_sigmas: float, align: bool) -> None:
        super().__init__()
        self.num_sigmas = num_sigmas
        self.mean = MovingAverage(torch.full((), 1 / num_classes), decay=decay)
        self.variance = MovingAverage(torch.ones(()), decay=decay)
        self.alignment = DistributionAlignment(num_classes, decay=decay) if align else None

    @torch.no_grad()
    def forward(self, seen: Seen) -> PseudoLabels:
        """See the class."""
        probabilities = seen.weak.detach().float().softmax(dim=-1)
        labels = probabilities.argmax(dim=-1)
        if self.alignment is not None:
            probabilities = self.alignment(probabilities)
        confidence = probabilities.max(dim=-1).values
        mean = self.mean(confidence.mean())
        variance = self.variance(confidence.var(correction=min(1, max(len(confidence) - 1, 0))))
        below = (confidence - mean).clamp(max=0)
        weights = (-below.square() * self.num_sigmas**2 / (2 * variance.clamp(min=1e-12))).exp()
        return PseudoLabels(labels, weights >= 0.5, weights)


class RelativeThreshold(Policy):
    r"""AdaMatch's threshold: a share of the labelled images' mean confidence, for aligned probabilities.

    .. math:: \max \tilde p_i \ge \tau \cdot \frac1B \sum_b \max p_b, \qquad \hat y_i = \arg\max \tilde p_i

    \tilde p is p aligned to the labelled images' distribution (see
    :class:`ssc_tune.methods.moving.DistributionAlignment`).

    Source: Berthelot et al., "AdaMatch" (ICLR 2022), which aligns by the batch's means instead of running ones.

    Args:
        tau: the share, 0.9 in the paper.
        num_classes: K.
        decay: ceiling of the averages' decay.
    """

    reads_labelled = True

    def __init__(self, *, tau: float, num_classes: int, decay: float) -> None:
        super().__init__()
        self.tau = tau
        self.alignment = DistributionAlignment(num_classes, decay=decay, to_labelled=True)

    @torch.no_grad()
    def forward(self, seen: Seen) -> PseudoLabels:
        """See the class.

        Raises:
            ValueError: the labelled images' logits are absent.
        """
        if seen.labelled is None:
            raise ValueError("a relative threshold wants the logits of the labelled images")
        labelled = seen.labelled.detach().float().softmax(dim=-1)
        aligned = self.alignment(seen.weak.detach().float().softmax(dim=-1), labelled)
        confidence, labels = aligned.max(dim=-1)
        return PseudoLabels(labels, confidence >= self.tau * labelled.max(dim=-1).values.mean())


def members(labels: Tensor, num_classes: int) -> Tensor:
    """(U, K) float32: 1 at each image's class."""
    return (labels.unsqueeze(1) == torch.arange(num_classes, device=labels.device)).float()


def _shares(amounts: Tensor, counts: Tensor) -> Tensor:
    """Norm(amounts / counts), of shape (K,): 0 where a count is, and everywhere where all are."""
    ratios = torch.where(counts > 0, amounts / counts.clamp(min=1e-12), 0.0)
    return ratios / ratios.sum().clamp(min=1e-12)
