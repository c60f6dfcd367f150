"""The same net on the labelled images alone: what a semi-supervised method has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssc_tune.methods.base import Hyperparameters, Method, StepLoss, Views

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from ssc_tune.methods.parts import LinearHead


class Supervised(Method):
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
        from ssc_tune.methods.parts import LinearHead

        return LinearHead(num_features, self.num_classes, generator=generator)

    def loss(self, head: nn.Module, views: Views, labels: Tensor) -> StepLoss:
        """CE(labelled, y)."""
        from torch.nn import functional as F

        loss = F.cross_entropy(views.labelled.float(), labels)
        nothing = labels.new_zeros(0)
        return StepLoss(loss, {"labelled": loss.detach()}, nothing, nothing.bool())

    def scores(self, head: nn.Module, outputs: Tensor) -> Tensor:
        """The logits."""
        return outputs

    def prototypes(self, head: nn.Module) -> Tensor:
        """The classifier's rows (K, F)."""
        from ssc_tune.methods.parts import LinearHead

        assert isinstance(head, LinearHead)
        return head.classifier.weight
