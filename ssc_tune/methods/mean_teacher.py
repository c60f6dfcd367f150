"""Mean Teacher. Source: Tarvainen and Valpola, NeurIPS 2017, arXiv 1703.01780."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ssc_tune import losses, methods
from ssc_tune.methods.base import Fraction, Hyperparameters, Share, StepLoss, Views, Weight
from ssc_tune.methods.linear import LinearMethod

if TYPE_CHECKING:
    from torch import Tensor

    from ssc_tune.methods.parts import LinearHead
    from ssc_tune.methods.thresholds import Policy


class MeanTeacherHyperparameters(Hyperparameters):
    """Mean Teacher's own hyperparameters beside the shared ones. The student's view is weak by default."""

    randaugment_n: Annotated[int, Field(ge=0)] = Field(0, description="RandAugment operations on the student's view.")
    cutout: Share = Field(0.0, description="Cutout's side on the student's view.")
    unlabelled_weight: Weight = Field(50.0, description="Weight of consistency once it has risen.")
    ramp_up: Fraction = Field(0.4, description="Share of the steps over which that weight rises, as exp(-5 (1 - x)^2).")


class MeanTeacher(LinearMethod):
    """Cross-entropy on labelled images, and squared errors between two weak views, of the net and of its average.

    loss = CE(labelled, y) + w(k) (1/UK) sum_i |softmax(student_i) - softmax(teacher_i)|^2. The teacher is the moving
    average of the weights (``ema_decay``), normalized by its own batch, without gradient. ``tau`` only says which of
    the teacher's predictions are called confident.

    The weight 50 and the 40% are those of TorchSSL and USB, which let it rise linearly; the original has 100 times the
    rise above over 40,000 steps, and consistency on labelled images too.
    """

    name = "mean-teacher"
    sources = ("tarvainen2017mean",)
    Hyperparameters = MeanTeacherHyperparameters
    hyperparameters: MeanTeacherHyperparameters
    uses_teacher = True
    num_strong_views = 1  # the student's

    def policy(self) -> Policy:
        """w(k) / lambda_u, on every image."""
        hp = self.hyperparameters
        return methods.ramps.RampedThreshold(
            hp.tau, steps=self.extent.steps, share=hp.ramp_up, shape="sigmoid", everywhere=True
        )

    def loss(self, head: LinearHead, views: Views, labels: Tensor) -> StepLoss:
        """See the class."""
        pseudo = head.policy(methods.thresholds.Seen(views.weak))
        assert pseudo.weights is not None
        labelled = losses.supervised_loss(views.labelled, labels)
        consistency = losses.squared_consistency(views.strong[0], views.weak, pseudo.weights)
        consistency = self.hyperparameters.unlabelled_weight * consistency
        parts = {"labelled": labelled, "unlabelled": consistency}
        return StepLoss(labelled + consistency, parts, pseudo.labels, pseudo.confident)
