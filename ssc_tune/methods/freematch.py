"""FreeMatch, with cross-entropy and with SSC. Source: Wang et al., ICLR 2023, arXiv 2205.07246."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from ssc_tune import methods
from ssc_tune.methods.base import Fraction, Hyperparameters, Weight
from ssc_tune.methods.fixmatch import FixMatch, FixMatchHyperparameters
from ssc_tune.methods.ssc import SSC, SSCHyperparameters

if TYPE_CHECKING:
    from ssc_tune.methods.thresholds import Policy


class SelfAdaptiveHyperparameters(Hyperparameters):
    """Those of self-adaptive thresholds. ``tau`` has no part in them."""

    statistics_decay: Fraction = Field(
        0.999, description="Ceiling of the decay of running statistics; at step k it is min(this, (1 + k) / (10 + k))."
    )
    fairness_weight: Weight = Field(0.01, description="w_f, weight of the fairness term.")


class FreeMatchHyperparameters(SelfAdaptiveHyperparameters, FixMatchHyperparameters):
    """FixMatch's, and those of self-adaptive thresholds."""


class FreeMatchSSCHyperparameters(SelfAdaptiveHyperparameters, SSCHyperparameters):
    """SSC's, and those of self-adaptive thresholds."""


def _policy(num_classes: int, hyperparameters: SelfAdaptiveHyperparameters) -> Policy:
    return methods.thresholds.SelfAdaptiveThreshold(
        num_classes=num_classes,
        decay=hyperparameters.statistics_decay,
        fairness_weight=hyperparameters.fairness_weight,
    )


class FreeMatch(FixMatch):
    """FixMatch with thresholds from running statistics of the predictions, and a fairness term.

    w_f is that of the authors' configurations (TorchSSL, ``freematch_entropy``), 0.01 for every data set.
    """

    name = "freematch"
    sources = ("wang2023freematch",)
    Hyperparameters = FreeMatchHyperparameters
    hyperparameters: FreeMatchHyperparameters

    def policy(self) -> Policy:
        """Self-adaptive thresholds; see :class:`ssc_tune.methods.thresholds.SelfAdaptiveThreshold`."""
        return _policy(self.num_classes, self.hyperparameters)


class FreeMatchSSC(SSC):
    """SSC with FreeMatch's thresholds and fairness term, on p = softmax(cos / T_pseudo)."""

    name = "freematch-ssc"
    sources = ("wang2023freematch", "gauffre2024unified")
    Hyperparameters = FreeMatchSSCHyperparameters
    hyperparameters: FreeMatchSSCHyperparameters

    def policy(self) -> Policy:
        """Self-adaptive thresholds; see :class:`ssc_tune.methods.thresholds.SelfAdaptiveThreshold`."""
        return _policy(self.num_classes, self.hyperparameters)
