"""FixMatch, the baseline. Source: Sohn et al., NeurIPS 2020, arXiv 2001.07685."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ssc_tune import losses, methods
from ssc_tune.methods.base import Hyperparameters, StepLoss, Views, Weight
from ssc_tune.methods.linear import LinearMethod

if TYPE_CHECKING:
    from torch import Tensor

    from ssc_tune.methods.parts import LinearHead


class FixMatchHyperparameters(Hyperparameters):
    """FixMatch's own hyperparameters beside the shared ones."""

    unlabelled_weight: Weight = Field(1.0, description="lambda_u, weight of the unlabelled term.")
    num_strong_views: Literal[1, 2] = Field(1, description="Strong views of each unlabelled image; their terms add up.")


class FixMatch(LinearMethod):
    """Cross-entropy on labelled images, and on strong views against the confident pseudo-labels of the weak view.

    loss = CE(labelled, y) + lambda_u * sum over views of (1/U) sum_i [max p_i >= tau] CE(strong_i, argmax p_i)
    with p = softmax(classifier(weak view)), without gradient; the mean is over all U images, confident or not.
    """

    name = "fixmatch"
    sources: ClassVar[tuple[str, ...]] = ("sohn2020fixmatch",)
    Hyperparameters = FixMatchHyperparameters
    hyperparameters: FixMatchHyperparameters

    @property
    def num_strong_views(self) -> int:
        """1, or 2 for the double augmentation variant."""
        return self.hyperparameters.num_strong_views

    def loss(self, head: LinearHead, views: Views, labels: Tensor) -> StepLoss:
        """See the class."""
        pseudo = head.policy(methods.thresholds.Seen(views.weak, views.labelled, views.indices, labels))
        terms = losses.fixmatch_terms(
            views.labelled,
            labels,
            views.strong,
            pseudo.labels,
            pseudo.confident if pseudo.weights is None else pseudo.weights,
            unlabelled_weight=self.hyperparameters.unlabelled_weight,
        )
        parts = {"labelled": terms.labelled, "unlabelled": terms.unlabelled}
        parts |= (more := head.policy.regularizers(views.strong, pseudo))
        return StepLoss(sum(more.values(), terms.total), parts, pseudo.labels, pseudo.confident)
