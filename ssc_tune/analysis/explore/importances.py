"""Importances of one method's parameters by Optuna's evaluators; they have no intervals."""

from __future__ import annotations

import math

import numpy as np

from ssc_tune.analysis.estimates import estimate
from ssc_tune.analysis.estimators import importance
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.material import Findings, Material
from ssc_tune.analysis.result import Share

CONFIDENCE = 0.95
WHOLE = "variance of point means"


def importance_shares(material: Material, num_bootstrap: int, rng: np.random.Generator) -> Findings:
    """fANOVA's main effects as shares, both evaluators as facts, and how far they agree."""
    if not material.names:
        raise ValueError("no parameter varies")
    seed = int(rng.integers(10_000))
    fanova, ped = (
        importance.importances(
            material.unit,
            material.means,
            material.names,
            evaluator=evaluator,
            seed=seed,
            categories=material.categories,
        )
        for evaluator in importance.EVALUATORS
    )
    agreed = importance.agreement(fanova, ped)
    shares = [
        Share(
            method=material.method,
            block=material.block,
            setting=material.setting,
            source=name,
            share=estimate(Interval(float(value), math.nan, math.nan), confidence=CONFIDENCE, how=fanova.evaluator),
            evaluator="fANOVA (Optuna)",
            whole=WHOLE,
        )
        for name, value in zip(fanova.names, fanova.values, strict=True)
        if math.isfinite(value)
    ]
    facts = [
        (
            "importance",
            material.row(
                evaluator=part.evaluator,
                values=dict(zip(part.names, part.values, strict=True)),
                total=part.total,
                reason=part.reason,
            ),
        )
        for part in (fanova, ped)
    ]
    agreement = material.row(tau=agreed.tau, ranks=agreed.ranks, reason=agreed.reason)
    return Findings(
        shares=shares,
        facts=[*facts, ("importance_agreement", agreement)],
        reasons=[agreed.reason] if agreed.reason else [],
    )
