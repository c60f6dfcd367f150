"""UDA, unsupervised data augmentation. Source: Xie et al., NeurIPS 2020, arXiv 1904.12848."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ssc_tune import losses, methods
from ssc_tune.methods.base import Hyperparameters, Positive, Share, StepLoss, Views, Weight
from ssc_tune.methods.linear import LinearMethod

if TYPE_CHECKING:
    from torch import Tensor

    from ssc_tune.methods.parts import LinearHead


class UDAHyperparameters(Hyperparameters):
    """UDA's own hyperparameters beside the shared ones."""

    tau: Share = Field(0.8, description="Confidence threshold, of p before sharpening.")
    sharpening: Positive = Field(0.4, description="T of the soft targets softmax(logits / T).")
    unlabelled_weight: Weight = Field(1.0, description="lambda, weight of the unlabelled term.")


class UDA(LinearMethod):
    """Cross-entropy on labelled images, and on strong views the divergence from sharpened predictions of the weak view.

    loss = CE(labelled, y) + lambda (1/U) sum_i [max p_i >= tau] KL(softmax(weak_i / T) || softmax(strong_i)), with
    p = softmax(weak), targets without gradient. Training signal annealing, an option of the original, is absent.
    """

    name = "uda"
    sources = ("xie2020unsupervised",)
    Hyperparameters = UDAHyperparameters
    hyperparameters: UDAHyperparameters
    num_strong_views = 1

    def loss(self, head: LinearHead, views: Views, labels: Tensor) -> StepLoss:
        """See the class."""
        hp = self.hyperparameters
        pseudo = head.policy(methods.thresholds.Seen(views.weak))
        labelled = losses.supervised_loss(views.labelled, labels)
        unlabelled = hp.unlabelled_weight * losses.sharpened_consistency(
            views.strong, views.weak, pseudo.confident, temperature=hp.sharpening
        )
        parts = {"labelled": labelled, "unlabelled": unlabelled}
        return StepLoss(labelled + unlabelled, parts, pseudo.labels, pseudo.confident)
