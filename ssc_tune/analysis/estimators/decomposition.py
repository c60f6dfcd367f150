"""Where the variance of the score comes from: parameters, their interactions, seeds and the residual, summing to 1."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ssc_tune.analysis.estimators import intervals, sobol, surrogate
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.variance import FloatArray as Array
from ssc_tune.analysis.estimators.variance import components, table, visible

EXACT, FUNCTIONAL = "ANOVA, omega squared", "Sobol indices of a Gaussian process"
HIGHER = "higher-order interactions"
SEED, RESIDUAL = "seed", "residual"
UNRESOLVED = "hyperparameters together"
WITHIN_NOISE = "the variance over points is within the noise of the seeds"
SEED_UNKNOWN = "no interval: a handful of seeds does not tell their variance"


class Decomposition(NamedTuple):
    """Shares of the variance of one cell's score; they sum to 1. An interval's ends are NaN where there is none.

    A share may be slightly negative: an unbiased estimate of a part near 0 has to be. It is not cut.
    """

    shares: dict[str, Interval]  # by source
    evaluator: str
    reason: str  # why shares are undefined or not resolved into parameters; empty otherwise
    r2: float = float("nan")


def is_full_grid(points: ArrayLike) -> bool:
    """Whether the points (N, P) are every combination of their levels, once each, with two levels or more."""
    levels = np.asarray(points, dtype=np.float64)
    sizes = [len(np.unique(levels[:, k])) for k in range(levels.shape[1])]
    return min(sizes) > 1 and int(np.prod(sizes)) == len(levels) == len(np.unique(levels, axis=0))


def anova(points: ArrayLike, y: ArrayLike, names: Sequence[str], *, confidence: float = 0.95) -> Decomposition:
    """Exact analysis of variance of a full grid run with several seeds (statsmodels ``anova_lm``).

    Model: main effects, two-way interactions, higher-order interactions pooled, seeds crossed with points, error. The
    share of an effect is omega squared, (SS - df MS_error) / (SS_total + MS_error); the residual is what remains,
    MS_error (df_total + 1) / (SS_total + MS_error). Intervals: delete-one-seed jackknife, t with R - 1 degrees of
    freedom. The points are all there are, so that seeds alone are random; intervals from the noncentral F of each test
    take seeds for no more than a block, and covered 68 to 90% where sensitivity varies by seed.

    Args:
        points: (N, P) levels, a full grid.
        y: (N, R) scores, R at least 2.
        names: the P parameters.
        confidence: of the intervals.

    Returns:
        No shares, with a reason, for one seed or scores that do not vary; no intervals for two seeds.

    Raises:
        ValueError: the points are no full grid, or shapes do not agree.
    """
    levels, values = np.asarray(points, dtype=np.float64), table(y)
    if levels.shape != (len(values), len(names)) or not is_full_grid(levels):
        raise ValueError("anova needs a full grid of points; use functional for scattered ones")
    num_seeds = values.shape[1]
    if num_seeds < 2:
        return Decomposition({}, EXACT, "one seed: interactions cannot be told from noise")
    if not visible(values.var(), values):
        return Decomposition({}, EXACT, "the scores do not vary")
    sources, shares = _omega_squared(levels, values, names)
    reach = np.full(len(shares), np.nan)
    if num_seeds > 2:
        without = [_omega_squared(levels, np.delete(values, j, axis=1), names)[1] for j in range(num_seeds)]
        errors = np.sqrt((num_seeds - 1) * np.var(without, axis=0))
        reach = stats.t.ppf(0.5 + confidence / 2, num_seeds - 1) * np.where(errors > 0, errors, np.nan)
    return Decomposition(_intervals(sources, shares, reach), EXACT, "")


def _intervals(sources: Sequence[str], shares: Array, reach: Array) -> dict[str, Interval]:
    """Intervals cut to what a share can be; none for the seeds', whose variance a handful of seeds does not tell."""
    known = np.where([source == SEED for source in sources], np.nan, reach)
    low, high = np.clip(shares - known, np.minimum(0, shares), 1), np.clip(shares + known, 0, 1)
    ends = zip(shares.tolist(), low.tolist(), high.tolist(), strict=True)
    return {source: Interval(*found) for source, found in zip(sources, ends, strict=True)}


def _omega_squared(levels: Array, values: Array, names: Sequence[str]) -> tuple[tuple[str, ...], Array]:
    """Sources and their shares, the residual last."""
    effects = _effects(levels, values, names)
    error = components(values).ms_error
    total = float(((values - values.mean()) ** 2).sum())
    shares = [(ss - df * error) / (total + error) for _, ss, df in effects]
    sources = (*(name for name, _, _ in effects), RESIDUAL)
    return sources, np.array([*shares, error * values.size / (total + error)])


def _effects(levels: Array, values: Array, names: Sequence[str]) -> list[tuple[str, float, int]]:
    """(source, sum of squares, degrees of freedom) of everything but the error."""
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    num_points, num_seeds = values.shape
    frame = pd.DataFrame({f"p{k}": np.repeat(levels[:, k], num_seeds) for k in range(len(names))})
    frame["seed"] = np.tile(np.arange(num_seeds), num_points)
    frame["y"] = values.ravel()
    factors = " + ".join(f"C(p{k})" for k in range(len(names)))
    fitted = anova_lm(ols(f"y ~ ({factors})**2 + C(seed)", data=frame).fit(), typ=1)
    effects = []
    for k, name in enumerate(names):
        row = fitted.loc[f"C(p{k})"]
        effects.append((name, float(row["sum_sq"]), int(row["df"])))
    for i, j in itertools.combinations(range(len(names)), 2):
        row = fitted.loc[f"C(p{i}):C(p{j})"]
        effects.append((f"{names[i]} x {names[j]}", float(row["sum_sq"]), int(row["df"])))
    means = values.mean(axis=1)
    left = num_seeds * float(((means - means.mean()) ** 2).sum()) - sum(ss for _, ss, _ in effects)
    df_left = num_points - 1 - sum(df for _, _, df in effects)
    if df_left > 0:
        effects.append((HIGHER, left, df_left))
    row = fitted.loc["C(seed)"]
    return [*effects, (SEED, float(row["sum_sq"]), int(row["df"]))]


def functional(
    points: ArrayLike,
    y: ArrayLike,
    names: Sequence[str],
    *,
    categories: Mapping[int, int] | None = None,
    num_bootstrap: int = 200,
    confidence: float = 0.95,
    rng: np.random.Generator | None = None,
    model: surrogate.Surrogate | None = None,
    r2: float | None = None,
) -> Decomposition:
    """Functional ANOVA of scattered points: var_point split by Sobol indices, then seed and residual.

    With the two-way components, total = var_point + var_seed + var_error. A parameter's share is S_i var_point / total,
    an interaction's S_ij var_point / total, and what the first two orders leave is "higher-order interactions". The
    surrogate smooths; its indices are scaled to the whole of var_point, and its cross-validated R2 is returned.

    Args:
        points: (N, P) in the unit cube.
        y: (N, R) scores, R at least 2.
        names: the P parameters.
        categories: number of categories of each dimension that is a choice.
        num_bootstrap: resamples for the errors of Sobol indices; the components' come from the jackknife.
        confidence: of the intervals: t with R - 1 degrees of freedom, since few seeds know little of their variance; to
            those of the parameters what the surrogate leaves unexplained is added.
        rng: default ``default_rng(0)``.
        model, r2: a surrogate of the point means already fitted, and its cross-validated R2.

    Returns:
        "hyperparameters together", with a reason, where indices are refused; nothing where the scores do not vary.
    """
    x, values = np.asarray(points, dtype=np.float64), table(y)
    if x.shape != (len(values), len(names)):
        raise ValueError(f"points {x.shape}, y {values.shape} and {len(names)} names do not agree")
    if values.shape[1] < 2 or len(values) < 3:
        return Decomposition({}, FUNCTIONAL, "seed and residual need at least 2 seeds and 3 points")
    if not visible(values.var(), values):
        return Decomposition({}, FUNCTIONAL, "the scores do not vary")
    fitted = None if model is None or r2 is None else surrogate.Fitted(model, r2)
    found = sobol.indices(
        x, values, categories=categories, num_bootstrap=num_bootstrap, confidence=confidence, rng=rng, fitted=fitted
    )
    reason = found.reason or (WITHIN_NOISE if components(values).var_point <= 0 else "")
    parts = _components_with_errors(values)
    shares, errors, sources = parts if reason else _resolve(found, *parts[:2], names)
    unexplained = 0.0 if reason else surrogate.unexplained(values, found.r2)
    quantile = stats.t.ppf(0.5 + confidence / 2, values.shape[1] - 1)
    reach = _with_misfit(quantile * errors, shares, sources, unexplained)
    return Decomposition(_intervals(sources, shares, reach), FUNCTIONAL, reason, found.r2)


def _with_misfit(reach: Array, shares: Array, sources: Sequence[str], unexplained: float) -> Array:
    """Half widths, those of the parameters with what the surrogate leaves unexplained of their shares together.

    It may belong to any of them (:func:`ssc_tune.analysis.estimators.surrogate.unexplained`): where there is a cliff,
    intervals without it miss the share of a minor parameter far more often than they say.
    """
    parameters = np.array([source not in (SEED, RESIDUAL) for source in sources])
    return np.where(parameters, np.hypot(reach, unexplained * float(shares[parameters].sum())), reach)


def _component_shares(values: Array) -> Array:
    """Shares (3,) of points, seeds and residual; NaN where the three components do not sum to a positive number."""
    found = components(values)
    parts = np.array([found.var_point, found.var_seed, found.var_error])
    return np.asarray(parts / parts.sum()) if visible(parts.sum(), values) else np.full(3, np.nan)


def _components_with_errors(values: Array) -> tuple[Array, Array, tuple[str, ...]]:
    """The shares with their standard errors by the jackknife over points and seeds; NaN with fewer than 3 seeds."""
    errors = [
        intervals.crossed_jackknife(lambda y, part=part: _component_shares(y)[part], values).se for part in range(3)
    ]
    return _component_shares(values), np.array(errors), (UNRESOLVED, SEED, RESIDUAL)


def _resolve(
    found: sobol.Indices, shares: Array, errors: Array, names: Sequence[str]
) -> tuple[Array, Array, tuple[str, ...]]:
    """Splits the share of the points by Sobol indices; errors of the two factors of a product are combined."""
    pairs = list(itertools.combinations(range(len(names)), 2))
    parts = [*found.first, *(found.second[i, j] for i, j in pairs)]
    part_errors = [*found.first_error, *(found.second_error[i, j] for i, j in pairs)]
    sources = [*names, *(f"{names[i]} x {names[j]}" for i, j in pairs)]
    if len(names) > 2:
        parts.append(1 - sum(parts))
        part_errors.append(float("nan"))
        sources.append(HIGHER)
    split = np.array(parts)
    split = split / split.sum()
    split_errors = np.hypot(shares[0] * np.array(part_errors), split * errors[0])
    return (
        np.concatenate([shares[0] * split, shares[1:]]),
        np.concatenate([split_errors, errors[1:]]),
        (*sources, SEED, RESIDUAL),
    )
