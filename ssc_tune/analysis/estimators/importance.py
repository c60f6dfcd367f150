"""Importances by Optuna's evaluators, always named, with their seed, on unit-cube coordinates and point means.

Why so: the default evaluator changed with Optuna 5.0; fANOVA integrates the linear box even of a log parameter; seeds
entered as trials of their own turn noise into importance; and normalized importances hide that nothing matters.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ssc_tune.analysis.estimators.splits import points_by_seeds
from ssc_tune.analysis.estimators.variance import FloatArray as Array

Evaluator = Literal["fanova", "ped-anova"]
EVALUATORS: tuple[Evaluator, ...] = ("fanova", "ped-anova")
_MAX_POINTS = 256  # trees beyond that cost seconds and change little


class Importance(NamedTuple):
    """Importances of P parameters, not normalized; NaN with a reason where undefined."""

    names: tuple[str, ...]
    values: Array  # (P,)
    total: float  # their sum: for fANOVA the share of variance that main effects explain
    evaluator: str
    reason: str


class Agreement(NamedTuple):
    """Whether two evaluators rank the parameters alike."""

    tau: float  # Kendall's tau-b
    ranks: dict[str, tuple[int, int]]  # 1 is the most important
    reason: str


def _describe(evaluator: Evaluator, seed: int) -> str:
    if evaluator == "fanova":
        return f"fANOVA (Optuna, 64 trees, seed {seed}), main effects, not normalized"
    return "PED-ANOVA (Optuna, best 10% against all), not normalized"


def importances(
    points: ArrayLike,
    values: ArrayLike,
    names: Sequence[str],
    *,
    evaluator: Evaluator = "fanova",
    seed: int = 0,
    categories: Mapping[int, int] | None = None,
) -> Importance:
    """Importances of the parameters, ``normalize=False``.

    Args:
        points: (N, P) in the unit cube, through each parameter's own scale.
        values: (N,) or (N, R), of which the mean over seeds is taken; failed cells scored at chance beforehand, as
            Optuna would drop them silently.
        names: the P parameters.
        evaluator: "fanova" (shares of the variance of a forest) or "ped-anova" (how far the best tenth of the points
            departs from all; no share of a variance).
        seed: of the forest, and of the subset of 256 points that is used when there are more.
        categories: number of categories of each dimension that is a choice; they are given to Optuna as categories.

    Raises:
        ValueError: an unknown evaluator, or shapes that do not agree.
    """
    if evaluator not in EVALUATORS:
        raise ValueError(f"unknown evaluator {evaluator!r}; allowed: {', '.join(EVALUATORS)}")
    x = np.asarray(points, dtype=np.float64)
    means = points_by_seeds(values).mean(axis=1) if np.size(values) else np.empty(0)
    if x.ndim != 2 or x.shape != (len(means), len(names)):
        raise ValueError(f"points {x.shape}, {len(means)} values and {len(names)} names do not agree")
    label = _describe(evaluator, seed)
    reason = _why_not(means, evaluator)
    if reason:
        return Importance(tuple(names), np.full(len(names), np.nan), float("nan"), label, reason)
    if len(means) > _MAX_POINTS:
        chosen = np.random.default_rng(seed).permutation(len(means))[:_MAX_POINTS]
        x, means = x[chosen], means[chosen]
        label += f", {_MAX_POINTS} points"
    found = _evaluate(x, means, evaluator, seed, dict(categories or {}))
    return Importance(tuple(names), found, float(found.sum()), label, "")


def _why_not(means: Array, evaluator: Evaluator) -> str:
    needed = 4 if evaluator == "fanova" else 20
    if len(means) < needed:
        return f"too few points: {len(means)}, {evaluator} needs {needed}"
    if np.ptp(means) <= 1e-12 * max(1.0, float(np.abs(means).max())):
        return "the values do not vary"
    return ""


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's line about a study in memory and its remark that ``normalize`` is experimental."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def _evaluate(x: Array, means: Array, evaluator: Evaluator, seed: int, categories: dict[int, int]) -> Array:
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
    from optuna.importance import BaseImportanceEvaluator, FanovaImportanceEvaluator, PedAnovaImportanceEvaluator

    keys = [f"x{k}" for k in range(x.shape[1])]
    distributions: dict[str, BaseDistribution] = {
        key: CategoricalDistribution(list(range(categories[k]))) if k in categories else FloatDistribution(0.0, 1.0)
        for k, key in enumerate(keys)
    }

    def coordinate(value: float, k: int) -> float | int:
        return min(int(value * categories[k]), categories[k] - 1) if k in categories else min(max(value, 0.0), 1.0)

    with _quiet():
        study = optuna.create_study(direction="maximize", storage=optuna.storages.InMemoryStorage())
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={key: coordinate(float(row[k]), k) for k, key in enumerate(keys)},
                distributions=distributions,
                value=float(value),
            )
            for row, value in zip(x, means, strict=True)
        ]
    )
    chosen: BaseImportanceEvaluator
    if evaluator == "fanova":
        chosen = FanovaImportanceEvaluator(n_trees=64, max_depth=64, seed=seed)
    else:
        chosen = PedAnovaImportanceEvaluator(target_quantile=0.1, region_quantile=1.0)
    with _quiet():
        found = optuna.importance.get_param_importances(study, evaluator=chosen, params=keys, normalize=False)
    return np.array([found[key] for key in keys])


def agreement(first: Importance, second: Importance) -> Agreement:
    """Kendall's tau-b between two importances of the same parameters, with the ranks each gives.

    Raises:
        ValueError: they are about different parameters.
    """
    if first.names != second.names:
        raise ValueError("the two importances are about different parameters")
    reason = first.reason or second.reason
    if not reason and len(first.names) < 2:
        reason = "one parameter: there is no ranking"
    if reason:
        return Agreement(float("nan"), {}, reason)
    ranks = [stats.rankdata(-part.values, method="min").astype(int) for part in (first, second)]
    table = {name: (int(a), int(b)) for name, a, b in zip(first.names, *ranks, strict=True)}
    tau = float(stats.kendalltau(first.values, second.values).statistic)
    return Agreement(tau, table, "" if np.isfinite(tau) else "an evaluator ties all parameters")
