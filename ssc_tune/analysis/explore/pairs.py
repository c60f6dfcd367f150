"""Facts about two methods, and about one method over several settings."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssc_tune.analysis import arrays
from ssc_tune.analysis.direction import leading
from ssc_tune.analysis.estimators import budget, surrogate, transfer
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.variance import FloatArray as Array
from ssc_tune.analysis.material import Findings, Material
from ssc_tune.analysis.measures.base import ClaimData, Effect
from ssc_tune.analysis.measures.registry import estimators
from ssc_tune.analysis.measures.speed import target_of
from ssc_tune.study.model.claims import read_claim

_SPEED = ("steps_to_target", "area_under_curve")
_MAX_PAIRED = 256  # points of the exact pairing: its tables are N x N, one a split of the seeds
_LEVELS = (9, 9, 7, 5, 4)  # levels a parameter of the prediction grid, by number of parameters


def _row(first: Material, second: Material, **values: Any) -> dict[str, Any]:
    return {"block": first.block, "setting": first.setting, "first": first.method, "second": second.method, **values}


def tuning(first: Material, second: Material) -> Findings:
    """Where the budget curves cross, and P(first beats second) at budgets 1, 2, 4, ... on the same points."""
    a, b = arrays.paired(first.scores, second.scores)
    if len(a.points) == 0:
        raise ValueError("no point is complete for both")
    if len(a.points) > _MAX_PAIRED:
        a, b = a.at(a.points[:_MAX_PAIRED]), b.at(b.points[:_MAX_PAIRED])
    crossed = budget.crossing(a.test, b.test, first_choose_by=a.validation, second_choose_by=b.validation)
    leader = {"first": first.method, "second": second.method}.get(crossed.leader or "")
    budgets = [2**k for k in range(11) if 2**k <= max(1, len(a.points) // 2)]
    better = {
        n: budget.probability_better(a.test, b.test, n, first_choose_by=a.validation, second_choose_by=b.validation)
        for n in budgets
    }
    reason = crossed.reason if len(a.seeds) > 1 else "one seed: the best is chosen and scored on it"
    values = {"leader": leader, "from_n": crossed.n, "reason": reason, "probability_first_better": better}
    return Findings(facts=[("budget", _row(first, second, num_points=len(a.points), **values))])


def speed(first: Material, second: Material) -> Findings:
    """Steps to a common target, and area under the accuracy curve, as claims on them are judged and turned.

    Raises:
        ValueError: both are undefined.
    """
    a, b = arrays.paired(first.scores, second.scores)
    if len(a.points) == 0:
        raise ValueError("no point is complete for both")
    steps, area = (_effect(name, first, second, a, b) for name in _SPEED)
    if not (math.isfinite(steps.interval.estimate) or math.isfinite(area.interval.estimate)):
        raise ValueError(steps.interval.reason)
    cells = arrays.select(first.tables.cells, first.block, first.setting)
    target, _ = target_of(a.validation, b.validation, float(cells["num_classes"].iloc[0]))
    values = {"target": target, "steps": _told(steps), "how": steps.how, "area": _told(area)}
    reasons = [found.reason for found in (steps.interval, area.interval) if not math.isfinite(found.estimate)]
    return Findings(facts=[("convergence", _row(first, second, num_points=len(a.points), **values))], reasons=reasons)


def _effect(measure: str, first: Material, second: Material, a: arrays.Scores, b: arrays.Scores) -> Effect:
    """What a claim ``more: X, than: Y`` in a measure would be judged by, X the method that claims show first."""
    names, block = (first.method, second.method), first.block
    lead = leading(first.study, measure, *names, block=block, otherwise=first.method)
    scores = (a, b) if lead == first.method else (b, a)
    x, y = names if lead == first.method else names[::-1]
    claim = read_claim({"name": measure, "more": x, "than": y, "in": measure, "block": block, "setting": first.setting})
    rng = np.random.default_rng(0)
    data = ClaimData(claim, first.whole, first.setting, *scores, "chance", rng)
    effect = estimators()[measure].effect(data)
    return effect._replace(name=effect.name.format(x=x, y=y))


def _told(effect: Effect) -> dict[str, Any]:
    found = effect.interval
    return {"of": effect.name, **shown(found), "p": found.p_value, "reason": found.reason}


def shown(found: Interval) -> dict[str, float]:
    """An estimate and its interval as they stand in a row."""
    return {"value": found.estimate, "low": found.low, "high": found.high}


def transfer_over_settings(found: Mapping[str, Sequence[Material | None]], method: str, block: str) -> Findings:
    """Phi of a method over the settings, on scores normalized over all methods, and its effective dimension."""
    own, common, tables, choosers = common_tables(found, method)
    limits = limits_of(found)
    held_out = transfer.held_out_sensitivity(tables, choose_by=choosers, limits=limits)
    measured = transfer.sensitivity(tables.mean(axis=2), limits=limits)
    dimension = _dimension(own, limits)
    row = {"block": block, "method": method, "sensitivity": held_out.sensitivity, "tuned": held_out.tuned}
    row |= {"fixed": held_out.fixed, "best_fixed_point": int(common[held_out.best_point]), "reason": held_out.reason}
    row |= {"uncorrected": measured.sensitivity, "num_points": len(common), **dimension}
    return Findings(facts=[("transfer", row)], reasons=[held_out.reason])


class Common(NamedTuple):
    """A method's material in each of D settings, and its scores at the N points that are complete in all of them."""

    own: list[Material]
    points: NDArray[np.int64]  # (N,)
    test: Array  # (D, N, R)
    validation: Array  # (D, N, R)


def common_tables(found: Mapping[str, Sequence[Material | None]], method: str) -> Common:
    """What a method's settings have in common.

    Raises:
        ValueError: a setting without a complete point, or fewer than 2 points in common.
    """
    own = [material for material in found[method] if material is not None]
    if len(own) < len(found[method]):
        raise ValueError("a setting has no complete point")
    common = functools.reduce(np.intersect1d, [material.scores.points for material in own])
    num_seeds = min(material.scores.test.shape[1] for material in own)
    if len(common) < 2:
        raise ValueError(f"{len(common)} points are complete in every setting; transfer needs 2")
    at = [material.scores.at(common) for material in own]
    test, validation = ([getattr(scores, name)[:, :num_seeds] for scores in at] for name in ("test", "validation"))
    return Common(own, common, np.stack(test), np.stack(validation))


def limits_of(found: Mapping[str, Sequence[Material | None]]) -> Array:
    """(D, 2): 5th and 95th percentile of point means in each setting, all methods pooled."""
    limits = []
    for setting in zip(*found.values(), strict=True):
        pooled = [material.means for material in setting if material is not None]
        limits.append(np.percentile(np.concatenate(pooled), (5, 95)))
    return np.array(limits)


def _dimension(own: Sequence[Material], limits: Array) -> dict[str, Any]:
    """Effective dimension on a grid of the surrogates' predictions, or on the design itself where it is a grid."""
    names = own[0].names
    try:
        models, grid, _ = predictors(own)
    except ValueError as error:
        return {"effective_dimension": None, "retuned": [], "dimension_reason": str(error)}
    scores = transfer.normalize(np.stack([model.predict(grid) for model in models]), limits=limits)
    result = transfer.effective_dimension(scores, grid)
    return {
        "effective_dimension": result.num_parameters,
        "retuned": [names[k] for k in result.retuned],
        "retuning_scores": result.scores,
        "dimension_reason": result.reason,
    }


def predictors(own: Sequence[Material]) -> tuple[list[surrogate.Surrogate], Array, tuple[int, ...]]:
    """A surrogate a setting, a full grid (M, P) in C order to predict, and the number of levels of each parameter.

    Raises:
        ValueError: settings that vary different parameters, a surrogate that explains too little, or too many
            parameters for a grid.
    """
    names = own[0].names
    if not names or any(material.names != names for material in own):
        raise ValueError("the settings do not vary the same parameters")
    models = [material.trusted() for material in own]
    if len(names) > len(_LEVELS) + 1:
        raise ValueError(f"{len(names)} parameters: too many for a grid of predictions")
    number = _LEVELS[min(len(names), len(_LEVELS)) - 1]
    axes = []
    for k in range(len(names)):
        size = own[0].categories.get(k)
        axes.append((np.arange(size) + 0.5) / size if size else np.linspace(0, 1, number))
    grid = np.stack([part.ravel() for part in np.meshgrid(*axes, indexing="ij")], axis=1)
    return [model.model for model in models], grid, tuple(len(axis) for axis in axes)
