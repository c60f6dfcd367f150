"""FlexMatch, with cross-entropy and with SSC. Source: Zhang et al., NeurIPS 2021, arXiv 2110.08263."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from ssc_tune import methods
from ssc_tune.methods.base import Hyperparameters, Method
from ssc_tune.methods.fixmatch import FixMatch, FixMatchHyperparameters
from ssc_tune.methods.ssc import SSC, SSCHyperparameters

if TYPE_CHECKING:
    from ssc_tune.methods.thresholds import Policy


class CurriculumHyperparameters(Hyperparameters):
    """Those of the thresholds by class."""

    threshold_warmup: bool = Field(True, description="Count unlabelled images not learnt yet as a class of their own.")
    threshold_mapping: Literal["convex", "linear", "concave"] = Field(
        "convex", description="M from the share learnt to the share of tau: x / (2 - x), x, or ln(x + 1) / ln 2."
    )


class FlexMatchHyperparameters(CurriculumHyperparameters, FixMatchHyperparameters):
    """FixMatch's, and those of the thresholds by class."""


class FlexMatchSSCHyperparameters(CurriculumHyperparameters, SSCHyperparameters):
    """SSC's, and those of the thresholds by class."""


class Curriculum(Method[Any]):
    """A threshold of each class: T(c) = M(beta(c)) tau, by how much of the class has been learnt."""

    hyperparameters: CurriculumHyperparameters

    def policy(self) -> Policy:
        """See :class:`ssc_tune.methods.thresholds.CurriculumThreshold`."""
        return methods.thresholds.CurriculumThreshold(
            tau=self.hyperparameters.tau,
            num_classes=self.num_classes,
            images=self.extent.images,
            unlabelled=self.extent.unlabelled,
            warmup=self.hyperparameters.threshold_warmup,
            mapping=self.hyperparameters.threshold_mapping,
        )


class FlexMatch(Curriculum, FixMatch):
    """FixMatch with thresholds by class."""

    name = "flexmatch"
    sources = ("zhang2021flexmatch",)
    Hyperparameters = FlexMatchHyperparameters
    hyperparameters: FlexMatchHyperparameters


class FlexMatchSSC(Curriculum, SSC):
    """SSC with FlexMatch's thresholds, on p = softmax(cos / T_pseudo)."""

    name = "flexmatch-ssc"
    sources = ("zhang2021flexmatch", "gauffre2024unified")
    Hyperparameters = FlexMatchSSCHyperparameters
    hyperparameters: FlexMatchSSCHyperparameters
