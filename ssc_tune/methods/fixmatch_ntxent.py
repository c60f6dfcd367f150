"""FixMatch with SimCLR's loss on unconfident images: a step of the ablation of arXiv 2409.07292."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ssc_tune import losses, methods
from ssc_tune.methods.base import Positive, StepLoss, Views, Weight
from ssc_tune.methods.fixmatch import FixMatch, FixMatchHyperparameters

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ssc_tune.methods.parts import LinearHead


class FixMatchNTXentHyperparameters(FixMatchHyperparameters):
    """FixMatch's, and those of the contrastive term."""

    num_strong_views: Literal[2] = Field(2, description="Strong views of each unlabelled image.")
    contrast_weight: Weight = Field(0.2, description="Weight of NT-Xent on unconfident images.")
    temperature: Positive = Field(0.1, description="T of NT-Xent.")


class FixMatchNTXent(FixMatch):
    """FixMatch on two strong views, and NT-Xent between both views of the unconfident images.

    loss = FixMatch + lambda_c NT-Xent(projections of the strong views of images with max p < tau). The projection is
    SSC's (Linear, ReLU, Linear, width unchanged), beside a linear classifier; outputs are logits, then projections.
    """

    name = "fixmatch-ntxent"
    sources = ("sohn2020fixmatch", "chen2020simclr", "gauffre2024unified")
    Hyperparameters = FixMatchNTXentHyperparameters
    hyperparameters: FixMatchNTXentHyperparameters

    def head(self, num_features: int, *, generator: torch.Generator) -> LinearHead:
        """A linear classifier with the policy, and a projection beside it."""
        return methods.parts.ProjectedLinearHead(
            num_features, self.num_classes, generator=generator, policy=self.policy()
        )

    def loss(self, head: LinearHead, views: Views, labels: Tensor) -> StepLoss:
        """See the class."""
        hp, classes = self.hyperparameters, self.num_classes
        logits = Views(views.labelled[:, :classes], views.weak[:, :classes], views.strong[..., :classes], views.indices)
        found = super().loss(head, logits, labels)
        first, second = views.strong[..., classes:]
        contrast = hp.contrast_weight * losses.masked_nt_xent_loss(
            first, second, ~found.confident, temperature=hp.temperature
        )
        return found._replace(total=found.total + contrast, terms={**found.terms, "contrast": contrast})
