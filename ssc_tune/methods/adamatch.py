"""AdaMatch without domain adaptation. Source: Berthelot et al., ICLR 2022, arXiv 2106.04732."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ssc_tune import methods
from ssc_tune.methods.base import Share, StatisticsDecay
from ssc_tune.methods.fixmatch import FixMatch, FixMatchHyperparameters

if TYPE_CHECKING:
    from ssc_tune.methods.thresholds import Policy


class AdaMatchHyperparameters(FixMatchHyperparameters):
    """FixMatch's, and those of alignment."""

    tau: Share = Field(0.9, description="Confidence threshold, as a share of the labelled images' mean confidence.")
    statistics_decay: StatisticsDecay = 0.999


class AdaMatch(FixMatch):
    """FixMatch with a threshold relative to the labelled images' confidence, and alignment to their distribution.

    Of the original, random interpolation of logits and the ramp of the unlabelled weight are left out (they serve the
    change of domain), pseudo-labels are hard, and alignment is by running means instead of the batch's.
    """

    name = "adamatch"
    sources = ("berthelot2022adamatch",)
    Hyperparameters = AdaMatchHyperparameters
    hyperparameters: AdaMatchHyperparameters

    def policy(self) -> Policy:
        """A relative threshold; see :class:`ssc_tune.methods.thresholds.RelativeThreshold`."""
        hp = self.hyperparameters
        return methods.thresholds.RelativeThreshold(tau=hp.tau, num_classes=self.num_classes, decay=hp.statistics_decay)
