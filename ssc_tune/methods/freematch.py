"""FreeMatch, with cross-entropy and with SSC. Source: Wang et al., ICLR 2023, arXiv 2205.07246."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from ssc_tune import methods
from ssc_tune.methods.base import Hyperparameters, Method, StatisticsDecay, Weight
from ssc_tune.methods.fixmatch import FixMatch, FixMatchHyperparameters
from ssc_tune.methods.ssc import SSC, SSCHyperparameters

if TYPE_CHECKING:
    from ssc_tune.methods.thresholds import Policy


class SelfAdaptiveHyperparameters(Hyperparameters):
    """Those of self-adaptive thresholds. ``tau`` has no part in them."""

    statistics_decay: StatisticsDecay = 0.999
    fairness_weight: Weight = Field(0.01, description="w_f, weight of the fairness term.")


class FreeMatchHyperparameters(SelfAdaptiveHyperparameters, FixMatchHyperparameters):
    """FixMatch's, and those of self-adaptive thresholds."""


class FreeMatchSSCHyperparameters(SelfAdaptiveHyperparameters, SSCHyperparameters):
    """SSC's, and those of self-adaptive thresholds."""


class SelfAdaptive(Method[Any]):
    """Self-adaptive thresholds, and a fairness term."""

    hyperparameters: SelfAdaptiveHyperparameters

    def policy(self) -> Policy:
        """See :class:`ssc_tune.methods.thresholds.SelfAdaptiveThreshold`."""
        hp = self.hyperparameters
        return methods.thresholds.SelfAdaptiveThreshold(
            num_classes=self.num_classes, decay=hp.statistics_decay, fairness_weight=hp.fairness_weight
        )


class FreeMatch(SelfAdaptive, FixMatch):
    """FixMatch with thresholds from running statistics of the predictions, and a fairness term.

    w_f is that of the authors' configurations (TorchSSL, ``freematch_entropy``), 0.01 for every data set.
    """

    name = "freematch"
    sources = ("wang2023freematch",)
    Hyperparameters = FreeMatchHyperparameters
    hyperparameters: FreeMatchHyperparameters


class FreeMatchSSC(SelfAdaptive, SSC):
    """SSC with FreeMatch's thresholds and fairness term, on p = softmax(cos / T_pseudo)."""

    name = "freematch-ssc"
    sources = ("wang2023freematch", "gauffre2024unified")
    Hyperparameters = FreeMatchSSCHyperparameters
    hyperparameters: FreeMatchSSCHyperparameters
