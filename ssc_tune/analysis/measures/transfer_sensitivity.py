"""What one choice of hyperparameters for all settings costs."""

from __future__ import annotations

import functools

import numpy as np

from ssc_tune.analysis.estimators import transfer
from ssc_tune.analysis.measures.base import ClaimData, Effect, undefined
from ssc_tune.analysis.measures.held_out import HOW
from ssc_tune.analysis.measures.registry import measure


@measure("transfer_sensitivity")
def transfer_sensitivity(data: ClaimData) -> Effect:
    """Phi over the study's settings, chosen and scored on different seeds; first minus second."""
    name = "transfer sensitivity of {x} minus that of {y}"
    settings, methods = data.study.setting_names, data.claim.methods
    if len(settings) < 2:
        return undefined(name, "the study has one setting")
    loaded = [data.whole.scores(data.claim.block, s, m, data.policy) for m in methods for s in settings]
    common = functools.reduce(np.intersect1d, [scores.points for scores in loaded])
    if len(common) < 3 or len(data.first.seeds) < 3:
        return undefined(name, "needs 3 points that are complete in every setting, and 3 seeds")
    tables = np.array([[s.at(common).test, s.at(common).validation] for s in loaded])  # (2 D, 2, N, R)
    if not (np.ptp(transfer.pooled_limits(tables[:, 0]), axis=1) > 0).all():
        return undefined(name, "the scores of a setting do not vary")
    found = transfer.difference(tables, data.claim.confidence)
    return Effect(found.tested(), name, f"settings normalized over both methods; {HOW}")
