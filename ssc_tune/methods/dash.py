"""Dash, with cross-entropy and with SSC. Source: Xu et al., ICML 2021, arXiv 2109.00650."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ssc_tune import methods
from ssc_tune.methods.base import Fraction, Hyperparameters, Method, Positive, Weight
from ssc_tune.methods.fixmatch import FixMatch, FixMatchHyperparameters
from ssc_tune.methods.ssc import SSC, SSCHyperparameters

if TYPE_CHECKING:
    from typing import Any

    from ssc_tune.methods.thresholds import Policy


class FallingHyperparameters(Hyperparameters):
    """Those of a threshold on the loss that falls. ``tau`` has no part in it."""

    threshold_scale: Positive = Field(1.0001, description="C, the first threshold as a multiple of the labelled loss.")
    threshold_base: Annotated[float, Field(ge=1)] = Field(
        1.27, description="gamma; the threshold falls to 1 / gamma of itself from stage to stage."
    )
    least_threshold: Weight = Field(
        0.05, description="rho_min, where it stops; exp(-rho_min) is the confidence that it asks for."
    )
    warmup: Fraction = Field(0.01, description="Share of the steps before any unlabelled image counts, at least one.")
    threshold_period: Fraction = Field(0.009, description="Share of the steps that a stage has, at least one.")
    statistics_decay: Fraction = Field(
        0.999, description="Ceiling of the labelled loss's decay; at step k it is min(this, (1 + k) / (10 + k))."
    )


class DashHyperparameters(FallingHyperparameters, FixMatchHyperparameters):
    """FixMatch's, and those of the threshold."""


class DashSSCHyperparameters(FallingHyperparameters, SSCHyperparameters):
    """SSC's, and those of the threshold."""


def _policy(method: Method[Any], hyperparameters: FallingHyperparameters) -> Policy:
    fall = methods.falling.Fall(
        scale=hyperparameters.threshold_scale,
        base=hyperparameters.threshold_base,
        least=hyperparameters.least_threshold,
        warmup=hyperparameters.warmup,
        period=hyperparameters.threshold_period,
    )
    return methods.falling.FallingThreshold(
        fall, num_classes=method.num_classes, steps=method.extent.steps, decay=hyperparameters.statistics_decay
    )


class Dash(FixMatch):
    """FixMatch with a threshold on the weak view's loss that falls from the labelled images' loss on.

    Pseudo-labels are hard; the authors' code has softmax(weak / 0.5) until the threshold has reached its least value,
    and divides by the images that count.
    """

    name = "dash"
    sources = ("xu2021dash",)
    Hyperparameters = DashHyperparameters
    hyperparameters: DashHyperparameters

    def policy(self) -> Policy:
        """A falling threshold; see :class:`ssc_tune.methods.falling.FallingThreshold`."""
        return _policy(self, self.hyperparameters)


class DashSSC(SSC):
    """SSC with Dash's threshold, on p = softmax(cos / T_pseudo), for unlabelled and labelled images alike."""

    name = "dash-ssc"
    sources = ("xu2021dash", "gauffre2024unified")
    Hyperparameters = DashSSCHyperparameters
    hyperparameters: DashSSCHyperparameters

    def policy(self) -> Policy:
        """A falling threshold; see :class:`ssc_tune.methods.falling.FallingThreshold`."""
        return _policy(self, self.hyperparameters)
