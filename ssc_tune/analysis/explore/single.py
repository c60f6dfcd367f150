"""Curves and shares of one method in one block and setting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ssc_tune.analysis import arrays, summaries
from ssc_tune.analysis.estimates import CONFIDENCE, estimate, joined
from ssc_tune.analysis.estimators import (
    budget,
    curves,
    decomposition,
    extremes,
    importance,
    intervals,
    sobol,
    surrogate,
    volume,
)
from ssc_tune.analysis.estimators.intervals import Band
from ssc_tune.analysis.estimators.variance import FloatArray as Array
from ssc_tune.analysis.material import Findings, Material
from ssc_tune.analysis.measures.speed import paths
from ssc_tune.analysis.result import Curve, Estimate
from ssc_tune.study.model.measures import TOLERANCE
from ssc_tune.study.model.space import ChoiceParameter, IntParameter, Parameter

ACCURACY = "test accuracy"
NEARLY_ALL = 0.85
"""A share of a full grid from which its interval covers less; see ``benchmarks/coverage.py surfaces``."""
_MAX_BUDGET = 64
_NUM_POSITIONS = 25
_NUM_DELTAS = 21

WHOLE = "variance of single cells"
"""What points, seeds and the rest have shares of."""
MEANS = "variance of point means"
"""What importances are shares of; they have no intervals."""
NO_WIDTH_INTERVAL = "no interval: that of few seeds covers less than it says; a claim compares methods"


def convergence_curve(material: Material) -> Findings:
    """Mean validation accuracy by step with the two-way t interval, failed cells at chance from their first gap on."""
    steps, values = filled_paths(material)
    found = Band.of([intervals.two_way_mean(values[:, :, t]) for t in range(len(steps))])
    found = found._replace(values=values.mean(axis=(0, 1)))  # to the last digit as reports had it
    note = found.reason or summaries.thin(values[:, :, -1])
    return Findings([material.curve("convergence", "step", "validation accuracy", steps, found, note)])


def filled_paths(material: Material) -> tuple[Array, Array]:
    """Steps (T,) and validation accuracies (N, R, T); a failed cell is at chance where it has no evaluation.

    Raises:
        ValueError: no history, or a cell that is not evaluated when the others are.
    """
    steps, values = paths(
        material.tables, material.scores, block=material.block, setting=material.setting, method=material.method
    )
    if len(steps) == 0:
        raise ValueError("no evaluation is recorded")
    chance = np.where(material.scores.failed, material.scores.validation, np.nan)[:, :, None]
    values = np.where(np.isfinite(values), values, chance)
    if not np.isfinite(values).all():
        raise ValueError("cells were evaluated at different steps")
    return steps, values


def budget_curve(material: Material) -> Findings:
    """Expected test accuracy of the best of n points on validation, chosen and scored on different seeds."""
    scores = material.scores
    num_points = len(scores.points)
    budgets = range(1, min(max(1, num_points // 2), _MAX_BUDGET) + 1)
    if len(scores.seeds) < 2:
        every = budget.expected_best_curve(scores.test, choose_by=scores.validation)
        found = Band.without(every[: len(budgets)], "one seed: chosen and scored on it, no band")
    else:
        found = extremes.band(scores.test, scores.validation, budgets)
    note = found.reason or (
        "Chosen on half the seeds by validation, scored on the other half by test; pointwise band, points and seeds "
        "both random."
    )
    return Findings([material.curve("budget", "points tried", ACCURACY, budgets, found, note)])


def volume_curve(material: Material) -> Findings:
    """Share of points within delta of the best of all methods, for delta from 0 to 10 points of accuracy."""
    scores = material.scores
    found = volume.curve(
        scores.test, np.linspace(0, 0.1, _NUM_DELTAS), choose_by=scores.validation, others=_others(material)
    )
    note = found.reason or (
        "The best is what half the points let expect, chosen and scored on different seeds; pointwise band, Wilson's "
        "at the effective number of points, points and seeds both random."
    )
    band, what = Band(found.share, found.low, found.high), "share of the space within tolerance of the best"
    curve = material.curve("volume", "tolerance", what, found.deltas, band, note)
    return Findings([curve], facts=[("near_optimal_volume", material.row(area=found.area, reason=found.reason))])


def _others(material: Material) -> list[tuple[Array, Array]]:
    """Test and validation scores of the block's other methods, of those that have all of its points."""
    study, own, found = material.study, material.scores, []
    for method in study.block_methods(material.block):
        if method == material.method:
            continue
        other = material.whole.scores(material.block, material.setting, method)
        if set(own.points) <= set(other.points) and np.array_equal(own.seeds, other.seeds):
            other = other.at(own.points)
            found.append((other.test, other.validation))
    return found


def _positions(parameter: Parameter) -> tuple[list[Any], Array]:
    """Values to show of a parameter, and where they lie in the unit interval."""
    if isinstance(parameter, ChoiceParameter):
        values: list[Any] = [
            c if isinstance(c, int | float) and not isinstance(c, bool) else str(c) for c in parameter.choices
        ]
        return values, np.array([parameter.to_unit(choice) for choice in parameter.choices])
    units = np.linspace(0, 1, _NUM_POSITIONS)
    values = sorted({parameter.from_unit(float(u)) for u in units})
    if not isinstance(parameter, IntParameter) and len(values) == len(units):
        values = [parameter.from_unit(float(u)) for u in units]
    return values, np.clip([parameter.to_unit(value) for value in values], 0, 1)


def _relative(material: Material, kind: str, drawn: Sequence[tuple[str, list[Any], Band, str]]) -> list[Curve]:
    """Curves of a method by parameter, each followed by the same less the highest place of all of them.

    Args:
        material: of the method.
        kind: of the curves.
        drawn: parameter, values, curve and note of each.
    """
    found = []
    best = max((float(curve.values.max()) for _, _, curve, _ in drawn), default=math.nan)
    for name, x, curve, note in drawn:
        found.append(material.curve(kind, name, ACCURACY, x, curve, note))
        below, own = f"{ACCURACY} minus own best", f"{note.rstrip('.')}; {curves.NO_BAND}"
        found.append(material.curve("relative", name, below, x, curves.relative(curve, best), own))
    return found


def partial_dependence(material: Material) -> Findings:
    """Partial dependence on each parameter, and the same relative to the method's own best; none to trust, none."""
    model, r2 = material.fitted()
    refused = sobol.too_little(r2)
    facts = [("surrogate", material.row(r2=r2, num_points=len(material.means), reason=refused))]
    if refused:
        return Findings(facts=facts, reasons=[refused])
    unexplained = surrogate.unexplained(material.scores.test, r2)
    note = f"Cross-validated R2 of the surrogate {r2:.2f}."
    draws, rng, drawn = material.num_bootstrap, material.stream("partial dependence"), []
    for k, (name, parameter) in enumerate(zip(material.names, material.parameters, strict=True)):
        x, at = _positions(parameter)
        curve = curves.partial_dependence(model, k, at, num_bootstrap=draws, rng=rng, unexplained=unexplained)
        drawn.append((name, x, curve, note))
    return Findings(_relative(material, "partial_dependence", drawn), facts=facts)


def one_at_a_time(material: Material) -> Findings:
    """Measured effect curves around the defaults, relative ones, and tolerance widths."""
    levels = material.study.design.named_levels or {}
    drawn, facts = [], []
    for k, (name, parameter) in enumerate(zip(material.names, material.parameters, strict=True)):
        if name not in levels:
            continue
        rows = curves.rows_of(k, material.unit, material.default)
        if len(rows) < 2:
            continue
        test, validation, at = material.scores.test[rows], material.scores.validation[rows], material.unit[rows, k]
        x = [_value(material, int(material.scores.points[row]), name) for row in rows]
        curve = curves.one_at_a_time(test)
        drawn.append((name, x, curve, f"{curve.how}; {curve.reason}" if curve.reason else curve.how))
        choice = isinstance(parameter, ChoiceParameter)
        positions = None if choice else at
        width = curves.tolerance_width(test, TOLERANCE, choose_by=validation, positions=positions)
        nothing = {"low": math.nan, "high": math.nan, "reason": width.reason or NO_WIDTH_INTERVAL}
        row = {"parameter": name, "tolerance": TOLERANCE, "value": width.estimate, **nothing}
        facts.append(("tolerance_width", material.row(**row)))
    reasons = [] if drawn else ["no parameter has two complete levels"]
    return Findings(_relative(material, "one_at_a_time", drawn), facts=facts, reasons=reasons)


def _value(material: Material, point: int, name: str) -> Any:
    cells = arrays.select(material.tables.cells, material.block, material.setting, material.method)
    value = cells.loc[cells["point"] == point, name].iloc[0]
    return value.item() if isinstance(value, np.generic) else value


def _note(found: decomposition.Decomposition, source: str) -> str:
    own = decomposition.SEED_UNKNOWN if source == decomposition.SEED else ""
    if found.evaluator == decomposition.EXACT and found.shares[source].estimate > NEARLY_ALL and not own:
        own = "nearly all of the variance: the interval tends to lie too high and covers less than it says"
    return joined(found.reason, own)


def variance_shares(material: Material) -> Findings:
    """Shares of variance with seed and residual: exact for a complete grid, functional otherwise."""
    found = material.shares(CONFIDENCE)
    how = "functional ANOVA; bootstrap, t, and what the surrogate misses"
    if found.evaluator == decomposition.EXACT:
        how = "omega squared; jackknife over seeds, t"
    shares = [
        material.share(source, estimate(share, how=how, note=_note(found, source)), found.evaluator, WHOLE)
        for source, share in found.shares.items()
    ]
    return Findings(shares=shares, reasons=[found.reason])


def importance_shares(material: Material) -> Findings:
    """fANOVA's main effects as shares, both evaluators as facts, and how far they agree."""
    if not material.names:
        raise ValueError("no parameter varies")
    seed, categories = int(material.stream("importance").integers(10_000)), material.categories
    place = (material.unit, material.means, material.names)
    fanova, ped = (
        importance.importances(*place, evaluator=evaluator, seed=seed, categories=categories)
        for evaluator in importance.EVALUATORS
    )
    shares = [
        material.share(name, Estimate(value=float(value), how=fanova.evaluator), "fANOVA (Optuna)", MEANS)
        for name, value in zip(fanova.names, fanova.values, strict=True)
        if math.isfinite(value)
    ]
    facts = []
    for part in (fanova, ped):
        values = dict(zip(part.names, part.values, strict=True))
        row = material.row(evaluator=part.evaluator, values=values, total=part.total, reason=part.reason)
        facts.append(("importance", row))
    agreed = importance.agreement(fanova, ped)
    facts.append(("importance_agreement", material.row(tau=agreed.tau, ranks=agreed.ranks, reason=agreed.reason)))
    return Findings(shares=shares, facts=facts, reasons=[agreed.reason])
