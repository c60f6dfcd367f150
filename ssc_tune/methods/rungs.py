"""Rungs of the ladder from FixMatch to SSC that are one of these with another value of a hyperparameter, held there.

Source: the ablation of arXiv 2409.07292. The other rungs are ``fixmatch``, ``fixmatch-ntxent`` and ``ssc``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ssc_tune.methods.fixmatch import FixMatch, FixMatchHyperparameters
from ssc_tune.methods.ssc import SSC, SSCHyperparameters


class TwoViewsHyperparameters(FixMatchHyperparameters):
    """FixMatch's, with two strong views."""

    num_strong_views: Literal[2] = Field(2, description="Strong views of each unlabelled image; their terms add up.")


class FixMatchTwoViews(FixMatch):
    """FixMatch on two strong views."""

    name = "fixmatch-2-views"
    sources = ("sohn2020fixmatch", "gauffre2024unified")
    Hyperparameters = TwoViewsHyperparameters


class ConfidentOnlyHyperparameters(SSCHyperparameters):
    """SSC's, without unconfident images."""

    unconfident: Literal["absent"] = Field("absent", description="Unconfident images are in no loss.")


class SSCConfidentOnly(SSC):
    """SSC without unconfident images, in its denominators neither."""

    name = "ssc-confident-only"
    Hyperparameters = ConfidentOnlyHyperparameters


class SeparateHyperparameters(SSCHyperparameters):
    """SSC's, with a loss of their own for unconfident images."""

    unconfident: Literal["separate"] = Field("separate", description="Unconfident images in an NT-Xent of their own.")


class SSCSeparate(SSC):
    """SSC without unconfident images, and NT-Xent of these."""

    name = "ssc-separate"
    Hyperparameters = SeparateHyperparameters


class UnweightedHyperparameters(SSCHyperparameters):
    """SSC's, with one weight for all images."""

    unconfident_weight: Annotated[float, Field(ge=1, le=1)] = Field(1.0, description="Weight of unconfident images.")


class SSCUnweighted(SSC):
    """SSC in which unconfident images weigh as much as the others."""

    name = "ssc-unweighted"
    Hyperparameters = UnweightedHyperparameters
