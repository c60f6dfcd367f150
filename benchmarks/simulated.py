"""The rule on bare arrays of scores: for simulations of studies that nobody has run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ssc_tune.analysis.arrays import Scores
from ssc_tune.analysis.estimators import multiplicity
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.judge.verdicts import Finding, decide, find_in
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.measures.base import ClaimData
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.claims import Claim, VerdictName
from ssc_tune.study.model.study import Study

NOTHING = Tables(pd.DataFrame(), pd.DataFrame(), pd.DataFrame())
"""Tables without a row: a simulated study has scores and nothing else."""


def scores_of(test: FloatArray) -> Scores:
    """Scores of a method from accuracies (N, R): no cell failed, and validation accuracy is the test accuracy."""
    num_points, num_seeds = test.shape
    base = np.empty(0)
    return Scores(
        points=np.arange(1, num_points + 1),
        seeds=np.arange(num_seeds),
        test=test,
        validation=test,
        failed=np.zeros(test.shape, dtype=bool),
        default_test=base,
        default_validation=base,
        default_failed=np.zeros(base.shape, dtype=bool),
        drawn=np.arange(1, num_points + 1),
        same_as=np.arange(1, num_points + 1),
    )


def find(study: Study, claim: Claim, first: FloatArray, second: FloatArray, *, seed: int = 0) -> Finding:
    """What scores (N, R) of the claim's two methods say of it: its effect and its gates.

    Only for measures that read scores alone. Other ranges, which need the points, are not looked at: a robust claim is
    judged as if it were none.
    """
    claim = claim.model_copy(update={"robust": False})
    setting = claim.setting or study.setting_names[0]
    rng = np.random.default_rng(seed)
    whole = Materials(study, NOTHING, num_bootstrap=199)
    data = ClaimData(claim, whole, setting, scores_of(first), scores_of(second), "simulated", rng)
    return find_in(data)


def judge(findings: list[Finding]) -> list[VerdictName]:
    """Verdicts of the whole rule on the findings of all claims of a study, Holm's correction included."""
    adjusted = multiplicity.holm([finding.p_value for finding in findings])
    return [decide(finding, float(p))[0] for finding, p in zip(findings, adjusted, strict=True)]
