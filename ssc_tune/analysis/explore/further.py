"""Exploratory pieces: they decide nothing, and every topic and curve of theirs is called ``exploratory_...``.

Performance profiles and interquartile means, Shapley shares of the variance, the way from the defaults to the best
point, and Adkins' plane of performance and sensitivity over settings. A piece that is refused says why in its own row.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ssc_tune.analysis import arrays
from ssc_tune.analysis.estimates import CONFIDENCE, generator
from ssc_tune.analysis.estimators import ablation, plane, profiles, shapley, transfer
from ssc_tune.analysis.estimators.variance import FloatArray as Array
from ssc_tune.analysis.explore.pairs import common_tables, limits_of, predictors, shown
from ssc_tune.analysis.material import Findings, Material

PROFILE, IQM, SHAPLEY, ABLATION, PLANE = (
    f"exploratory_{name}" for name in ("profile", "iqm", "shapley", "ablation", "plane")
)
_NUM_THRESHOLDS = 31


def profile(material: Material) -> Findings:
    """The share of cells above each accuracy, and the mean of the middle half of the cells."""
    test = material.scores.test
    thresholds = _thresholds(material)
    found = profiles.performance_profile(test, thresholds, CONFIDENCE)
    note = found.reason or "Pointwise intervals over points and seeds"
    curve = material.curve(PROFILE, "accuracy", "share of cells above an accuracy", thresholds, found, note)
    mean = profiles.interquartile_mean(test, CONFIDENCE)
    return Findings([curve], facts=[(IQM, material.row(iqm=shown(mean), num_cells=test.size, reason=mean.reason))])


def _thresholds(material: Material) -> Array:
    """The same for all methods of a block and setting: from the lowest to the highest score of a cell."""
    cells = arrays.select(material.tables.cells, material.block, material.setting)
    cells = cells[cells["status"].isin(arrays.RESULTS)]
    scores = arrays.scored(cells)
    low, high = math.floor(100 * scores.min()) / 100, math.ceil(100 * scores.max()) / 100
    return np.linspace(low, high, _NUM_THRESHOLDS)


def shapley_shares(material: Material) -> Findings:
    """Shapley shares of the variance of the surrogate over the space."""
    try:
        fitted = material.trusted()
    except ValueError as error:
        return Findings(facts=[(SHAPLEY, material.row(values={}, reason=str(error)))])
    shares = shapley.of_surrogate(fitted.model).shares
    row = material.row(values=dict(zip(material.names, shares, strict=True)), r2=fitted.r2, reason="")
    return Findings(facts=[(SHAPLEY, row)])


def ablation_path(material: Material) -> Findings:
    """From the defaults to the best point on validation, one parameter after the other, by predicted accuracy."""
    try:
        model = material.trusted().model
    except ValueError as error:
        return Findings(facts=[(ABLATION, material.row(reason=str(error)))])
    best = int(material.scores.validation.mean(axis=1).argmax())
    ends = material.default, material.unit[best]
    found = ablation.path(model.predict, *ends)
    shared = None
    with contextlib.suppress(ValueError):  # more parameters than orders can be counted of: the path stands alone
        shared = ablation.shapley(model.predict, *ends)
    about = {"best_point": int(material.scores.points[best])}
    rows = [material.row(**about, step=0, parameter="(defaults)", predicted=found.start)]
    before = found.start
    for number, step in enumerate(found.steps, start=1):
        k = step.parameter
        old, new = (material.parameters[k].from_unit(float(end[k])) for end in ends)
        row: dict[str, Any] = {"step": number, "parameter": material.names[k], "old": old, "new": new}
        row |= {"predicted": step.value}
        row |= {"gain": step.value - before, "shapley_gain": None if shared is None else float(shared[k])}
        rows.append(material.row(**about, **row))
        before = step.value
    return Findings(facts=[(ABLATION, row) for row in rows])


def over_settings(found: Mapping[str, Sequence[Material | None]], method: str, block: str) -> Findings:
    """A method's place in Adkins' plane, with intervals of its sensitivity and of its effective dimension."""
    try:
        own, _, test, validation = common_tables(found, method)
    except ValueError as error:
        return Findings(facts=[(PLANE, {"block": block, "method": method, "reason": str(error)})])
    limits = limits_of(found)
    sensitivity = plane.sensitivity_interval(test, validation, limits, CONFIDENCE)
    fixed = transfer.held_out_sensitivity(test, choose_by=validation, limits=limits).fixed
    row = {"block": block, "method": method, "sensitivity": shown(sensitivity), "best_fixed": fixed}
    row |= {"default": _default(own, limits), "num_settings": len(own), "reason": sensitivity.reason}
    return Findings(facts=[(PLANE, {**row, **_dimensions(own, limits)})])


def _default(own: Sequence[Material], limits: Array) -> float | None:
    """Mean over settings of the normalized score of the defaults."""
    if not all(len(material.scores.default_test) for material in own):
        return None
    means = np.array([[material.scores.default_test.mean()] for material in own])
    return float(transfer.normalize(means, limits=limits).mean())


def _dimensions(own: Sequence[Material], limits: Array) -> dict[str, Any]:
    """The distribution of the effective dimension over resamples of points and seeds, the same in every setting."""
    try:
        models, grid, sizes = predictors(own)
        points = own[0].scores.points
        if not all(np.array_equal(material.scores.points, points) for material in own):
            raise ValueError("a setting lacks points, so the settings' points cannot be drawn together")
        if any(len(model.alpha) < len(points) for model in models):
            raise ValueError("the surrogates do not hold all points, so these cannot be drawn together")
    except ValueError as error:
        return {"dimensions": [], "dimension_reason": str(error)}
    first, draws = own[0], own[0].num_bootstrap
    seed = int(generator(first.whole.seed, f"{first.block}/{first.method}/exploratory plane").integers(2**32))
    drawn = [model.bootstrap(draws, rng=np.random.default_rng(seed)) for model in models]
    scores = [model.predict_resampled(grid, resampled) for model, resampled in zip(models, drawn, strict=True)]
    stacked = transfer.normalize(np.stack(scores), limits=limits)  # (D, B, M)
    dimensions = plane.effective_dimensions(np.moveaxis(stacked, 0, 1).reshape(draws, len(own), *sizes))
    result = plane.distribution(dimensions, len(sizes), CONFIDENCE)
    shares = {str(k): share for k, share in enumerate(result.shares) if share > 0}
    return {"dimensions": list(result.likely), "dimension_shares": shares, "dimension_reason": ""}
