"""What methods with a linear classifier share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssc_tune import methods
from ssc_tune.methods.base import Method

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ssc_tune.methods.parts import LinearHead
    from ssc_tune.methods.thresholds import Policy


class LinearMethod(Method["LinearHead"]):
    """A linear classifier whose pseudo-labels a policy judges. Subclasses say hyperparameters, views and loss."""

    def head(self, num_features: int, *, generator: torch.Generator) -> LinearHead:
        """A linear classifier with the policy."""
        return methods.parts.LinearHead(num_features, self.num_classes, generator=generator, policy=self.policy())

    def policy(self) -> Policy:
        """Which pseudo-labels count, and how much: those with max p >= tau."""
        return methods.thresholds.FixedThreshold(self.hyperparameters.tau)

    def scores(self, head: LinearHead, outputs: Tensor) -> Tensor:
        """The logits, whatever else the outputs hold after them."""
        return outputs[..., : self.num_classes]

    def prototypes(self, head: LinearHead) -> Tensor:
        """The classifier's rows (K, F)."""
        return head.classifier.weight
