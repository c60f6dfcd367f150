"""Pseudo-label. Source: Lee, ICML 2013 workshop on challenges in representation learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ssc_tune import losses, methods
from ssc_tune.methods.base import Fraction, Hyperparameters, StepLoss, Views, Weight
from ssc_tune.methods.linear import LinearMethod

if TYPE_CHECKING:
    from torch import Tensor

    from ssc_tune.methods.parts import LinearHead
    from ssc_tune.methods.thresholds import Policy


class PseudoLabelHyperparameters(Hyperparameters):
    """Pseudo-label's own hyperparameters beside the shared ones; those of strong views have no part in it."""

    unlabelled_weight: Weight = Field(1.0, description="Weight of the unlabelled term once it has risen.")
    ramp_up: Fraction = Field(0.4, description="Share of the steps over which that weight rises, linearly from 0.")


class PseudoLabel(LinearMethod):
    """Cross-entropy on labelled images, and on weak views against their own confident predictions.

    loss = CE(labelled, y) + alpha(k) (1/U) sum_i [max p_i >= tau] CE(weak_i, argmax p_i), p = softmax(weak), the
    pseudo-label without gradient. Lee has no threshold, and lets alpha rise from step 100 to 600 (of MNIST) to 3; a
    threshold of 0.95, a weight of 1 and a rise over the first 40% are those of later comparisons (TorchSSL, USB).
    """

    name = "pseudo-label"
    sources = ("lee2013pseudo",)
    Hyperparameters = PseudoLabelHyperparameters
    hyperparameters: PseudoLabelHyperparameters
    trains_on_weak = True
    num_strong_views = 0

    def policy(self) -> Policy:
        """The threshold, and alpha / lambda_u."""
        hp = self.hyperparameters
        return methods.ramps.RampedThreshold(hp.tau, steps=self.extent.steps, share=hp.ramp_up, shape="linear")

    def loss(self, head: LinearHead, views: Views, labels: Tensor) -> StepLoss:
        """See the class."""
        pseudo = head.policy(methods.thresholds.Seen(views.weak))
        assert pseudo.weights is not None
        weight = self.hyperparameters.unlabelled_weight
        terms = losses.fixmatch_terms(
            views.labelled, labels, views.weak, pseudo.labels, pseudo.weights, unlabelled_weight=weight
        )
        parts = {"labelled": terms.labelled, "unlabelled": terms.unlabelled}
        return StepLoss(terms.total, parts, pseudo.labels, pseudo.confident)
