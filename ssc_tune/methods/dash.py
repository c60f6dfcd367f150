"""Dash, with cross-entropy and with SSC. Source: Xu et al., ICML 2021, arXiv 2109.00650."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ssc_tune import methods
from ssc_tune.methods.base import Fraction, Hyperparameters, Method, Positive, Weight
from ssc_tune.methods.fixmatch import FixMatch, FixMatchHyperparameters
from ssc_tune.methods.ssc import SSC, SSCHyperparameters

if TYPE_CHECKING:
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


class Falling(Method[Any]):
    """A threshold on the weak view's loss that falls."""

    hyperparameters: FallingHyperparameters

    def policy(self) -> Policy:
        """See :class:`ssc_tune.methods.falling.FallingThreshold`."""
        hp = self.hyperparameters
        fall = methods.falling.Fall(
            hp.threshold_scale, hp.threshold_base, hp.least_threshold, hp.warmup, hp.threshold_period
        )
        return methods.falling.FallingThreshold(
            fall, num_classes=self.num_classes, steps=self.extent.steps, decay=hp.statistics_decay
        )


class Dash(Falling, FixMatch):
    """FixMatch with a threshold on the weak view's loss that falls from the labelled images' loss on.

    Pseudo-labels are hard; the authors' code has softmax(weak / 0.5) until the threshold has reached its least value,
    and divides by the images that count.
    """

    name = "dash"
    sources = ("xu2021dash",)
    Hyperparameters = DashHyperparameters
    hyperparameters: DashHyperparameters


class DashSSC(Falling, SSC):
    """SSC with Dash's threshold, on p = softmax(cos / T_pseudo), for unlabelled and labelled images alike."""

    name = "dash-ssc"
    sources = ("xu2021dash", "gauffre2024unified")
    Hyperparameters = DashSSCHyperparameters
    hyperparameters: DashSSCHyperparameters
