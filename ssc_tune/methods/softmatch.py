"""SoftMatch, with cross-entropy and with SSC. Source: Chen et al., ICLR 2023, arXiv 2301.10921."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ssc_tune import methods
from ssc_tune.frozen import LATER
from ssc_tune.methods.base import Hyperparameters, Method, Positive, StatisticsDecay
from ssc_tune.methods.fixmatch import FixMatch, FixMatchHyperparameters
from ssc_tune.methods.ssc import SSC, SSCHyperparameters

if TYPE_CHECKING:
    from ssc_tune.methods.thresholds import Policy


class GaussianHyperparameters(Hyperparameters):
    """Those of weights by confidence. ``tau`` has no part in them."""

    statistics_decay: StatisticsDecay = 0.999
    num_sigmas: Positive = Field(
        2.0, description="n; the Gaussian of the weights is n times narrower than confidences."
    )
    align: bool = Field(True, description="Align confidences to the uniform distribution of classes.")


class SoftMatchHyperparameters(GaussianHyperparameters, FixMatchHyperparameters):
    """FixMatch's, and those of weights by confidence."""


class SoftMatchSSCHyperparameters(GaussianHyperparameters, SSCHyperparameters):
    """SSC's, and those of weights by confidence."""

    pseudo_temperature: Positive = Field(0.076, description="T_pseudo of softmax(cos / T_pseudo) for pseudo-labels.")
    unconfident: Annotated[Literal["joint"], LATER] = Field("joint", description="Images have both roles in one loss.")
    normalization: Annotated[Literal["ours"], LATER] = Field(
        "ours", description="By the weights of anchors with a positive."
    )


class Gaussian(Method[Any]):
    """Weights by confidence."""

    hyperparameters: GaussianHyperparameters

    def policy(self) -> Policy:
        """See :class:`ssc_tune.methods.thresholds.GaussianWeights`."""
        hp = self.hyperparameters
        return methods.thresholds.GaussianWeights(
            num_classes=self.num_classes, decay=hp.statistics_decay, num_sigmas=hp.num_sigmas, align=hp.align
        )


class SoftMatch(Gaussian, FixMatch):
    """FixMatch with a weight in (0, 1] of each image in the place of a threshold: a truncated Gaussian of confidence.

    ``confident``, which is tracked, are images with a weight of at least 0.5.
    """

    name = "softmatch"
    sources = ("chen2023softmatch",)
    Hyperparameters = SoftMatchHyperparameters
    hyperparameters: SoftMatchHyperparameters


class SoftMatchSSC(Gaussian, SSC):
    """SSC with SoftMatch's weights m: each image in both roles, confident by m and unconfident by 1 - m.

    See :mod:`ssc_tune.losses.soft_ssc` for the loss. The published code of arXiv 2409.07292 has each strong view twice
    among the rows, once a role, and counts every positive alike.
    """

    name = "softmatch-ssc"
    sources = ("chen2023softmatch", "gauffre2024unified")
    Hyperparameters = SoftMatchSSCHyperparameters
    hyperparameters: SoftMatchSSCHyperparameters
