"""Area under the accuracy curve."""

from __future__ import annotations

import numpy as np

from ssc_tune.analysis.estimators import convergence
from ssc_tune.analysis.estimators.comparison import mean_difference
from ssc_tune.analysis.measures import paths
from ssc_tune.analysis.measures.base import ClaimData, Effect, undefined
from ssc_tune.analysis.measures.registry import measure


@measure("area_under_curve")
def area_under_curve(data: ClaimData) -> Effect:
    """Mean accuracy over training, first minus second; a failed cell scores at its failure value throughout."""
    name = "area under the accuracy curve of {x} minus that of {y}"
    steps, first, second = paths.both(data)
    if len(steps) < 2:
        return undefined(name, "fewer than 2 evaluations were recorded")
    areas = []
    for scores, values in ((data.first, first), (data.second, second)):
        filled = np.where(scores.failed[..., None], scores.validation[..., None], values)
        areas.append(convergence.area_under_curve(steps, filled))
    if not all(np.isfinite(area).all() for area in areas):
        return undefined(name, "cells were evaluated at different steps")
    found = mean_difference(areas[1], areas[0], confidence=data.claim.confidence)
    return Effect(found, name, "trapezoid over steps; two-way variance, Satterthwaite t")
