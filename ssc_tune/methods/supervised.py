"""The same net on labelled images alone: what a semi-supervised method has to beat, and what it can hope for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssc_tune import losses, methods
from ssc_tune.methods.base import Hyperparameters, Method, StepLoss, Views

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ssc_tune.methods.parts import LinearHead


class Supervised(Method["LinearHead"]):
    """Cross-entropy on weakly augmented labelled images; unlabelled images are not read."""

    name = "supervised"
    Hyperparameters = Hyperparameters
    uses_unlabelled = False

    @property
    def num_strong_views(self) -> int:
        """None."""
        return 0

    def head(self, num_features: int, *, generator: torch.Generator) -> LinearHead:
        """A linear classifier."""
        return methods.parts.LinearHead(num_features, self.num_classes, generator=generator)

    def loss(self, head: LinearHead, views: Views, labels: Tensor) -> StepLoss:
        """CE(labelled, y)."""
        loss = losses.supervised_loss(views.labelled, labels)
        nothing = labels.new_zeros(0)
        return StepLoss(loss, {"labelled": loss.detach()}, nothing, nothing.bool())

    def scores(self, head: LinearHead, outputs: Tensor) -> Tensor:
        """The logits."""
        return outputs

    def prototypes(self, head: LinearHead) -> Tensor:
        """The classifier's rows (K, F)."""
        return head.classifier.weight


class SupervisedFull(Supervised):
    """Cross-entropy on all training images but those for validation, with their labels: the ceiling.

    A step has as many images as with few labels, ``batch_size``; ``labels_per_class`` has no part in it.
    """

    name = "supervised-full"
    uses_all_labels = True
