"""The same net on labelled images alone: what a semi-supervised method has to beat, and what it can hope for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssc_tune import losses
from ssc_tune.methods.base import Hyperparameters, StepLoss, Views
from ssc_tune.methods.linear import LinearMethod

if TYPE_CHECKING:
    from torch import Tensor

    from ssc_tune.methods.parts import LinearHead


class Supervised(LinearMethod):
    """Cross-entropy on weakly augmented labelled images; unlabelled images are not read."""

    name = "supervised"
    sources = ()
    Hyperparameters = Hyperparameters
    uses_unlabelled = False
    num_strong_views = 0

    def loss(self, head: LinearHead, views: Views, labels: Tensor) -> StepLoss:
        """CE(labelled, y)."""
        loss = losses.supervised_loss(views.labelled, labels)
        nothing = labels.new_zeros(0)
        return StepLoss(loss, {"labelled": loss.detach()}, nothing, nothing.bool())


class SupervisedFull(Supervised):
    """Cross-entropy on all training images with a label but those for validation: the ceiling.

    A step has as many images as with few labels, ``batch_size``; ``labels_per_class`` has no part in it.
    """

    name = "supervised-full"
    uses_all_labels = True
