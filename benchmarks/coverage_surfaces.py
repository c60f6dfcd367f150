"""How often the printed intervals hold the truth that the other scripts leave out: surfaces, grids, levels, pairs.

    python benchmarks/coverage.py surfaces
    python benchmarks/coverage.py pairs

Surfaces: accuracy over two hyperparameters in [0, 1]^2, ::

    y_ij = f(x_i) + 0.2 s_j (f(x_i) - mean f) + 0.015 u_j + 0.02 e_ij,   s, u, e independent N(0, 1)

counted on 500 images; f is additive, interacting, or has a cliff behind which 15% of the space lies at 0.3. Points,
seeds and noise are drawn anew in each study, points by a scrambled Sobol sequence. Truths are averages over a dense
grid of the space and closed forms of the law above; nothing of the package computes them. A curve or a set of shares is
counted by its single intervals, those of one-at-a-time levels by whether all hold together, as they claim.

Pairs: two methods that are alike by the laws of ``laws.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from laws import IMAGES, LAWS, Array
from scipy import stats

from ssc_tune.analysis import (
    comparison,
    convergence,
    curves,
    decomposition,
    failures,
    intervals,
    multiverse,
    profiles,
    surrogate,
)
from ssc_tune.analysis.intervals import Interval
from ssc_tune.analysis.summaries import logit

SIZES = ((32, 3), (32, 5), (64, 5))
LEVELS = np.linspace(0.1, 0.9, 5)
SLOPE, SEED, ERROR = 0.2, 0.015, 0.02


class Row(NamedTuple):
    """Coverage of one interval under one law at one size."""

    what: str
    law: str
    size: str
    covered: float  # of the intervals given
    none: float  # share of studies, or of single intervals, without one
    repeats: int


def additive(x: Array) -> Array:
    """Two separate effects."""
    return 0.8 - 0.5 * (x[..., 0] - 0.4) ** 2 + 0.1 * (x[..., 1] - 0.5)


def interacting(x: Array) -> Array:
    """The same and a product."""
    return additive(x) + 0.4 * (x[..., 0] - 0.5) * (x[..., 1] - 0.5)


def cliff(x: Array) -> Array:
    """The same, and a region where nothing is learnt."""
    return np.where(x[..., 0] > 0.85, 0.3, additive(x))


SURFACES: dict[str, Callable[[Array], Array]] = {"additive": additive, "interacting": interacting, "cliff": cliff}


@lru_cache
def dense(law: str) -> Array:
    """f on a grid of the space (200, 200), first hyperparameter first."""
    at = (np.arange(200) + 0.5) / 200
    return SURFACES[law](np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1))


def measured(law: str, x: Array, num_seeds: int, rng: np.random.Generator) -> Array:
    """Accuracies (N, R) at points x (N, 2)."""
    f = SURFACES[law](x)[:, None]
    away = f - dense(law).mean()
    y = f + SLOPE * rng.standard_normal((1, num_seeds)) * away + SEED * rng.standard_normal((1, num_seeds))
    y = np.clip(y + ERROR * rng.standard_normal((len(x), num_seeds)), 0, 1)
    return rng.binomial(IMAGES, y) / IMAGES


def true_shares(law: str) -> dict[str, float]:
    """Shares of the variance of a cell: main effects, interaction, seed, residual (noise, images and seeds' slopes)."""
    f = dense(law)
    point, mean = f.var(), f.mean()
    first, second = f.mean(axis=1).var(), f.mean(axis=0).var()
    images = float((f * (1 - f)).mean()) / IMAGES
    residual = ERROR**2 + images + SLOPE**2 * point  # slopes times centred effects: no part of the seeds' means
    total = point + SEED**2 + residual
    parts = {"a": first, "b": second, "a x b": point - first - second, "seed": SEED**2, "residual": residual}
    assert np.isfinite(mean)
    return {name: float(value / total) for name, value in parts.items()}


def _counted(what: str, law: str, size: str, inside: list[Array]) -> Row:
    """From arrays of 1 (held), 0 (missed) and NaN (no interval), one a study."""
    every = np.concatenate([np.atleast_1d(part).astype(float) for part in inside])
    known = every[np.isfinite(every)]
    return Row(
        what, law, size, float(known.mean()) if len(known) else float("nan"), float(np.isnan(every).mean()), len(inside)
    )


def _inside(low: Array, high: Array, truth: Array) -> Array:
    held = (low <= truth) & (truth <= high)
    return np.where(np.isfinite(low) & np.isfinite(high), held, np.nan)


def surfaces(repeats: int) -> Iterator[Row]:
    """Partial dependence and shares of variance from scattered points."""
    at = np.linspace(0.05, 0.95, 7)
    for law in SURFACES:
        shares = true_shares(law)
        curve = np.interp(at, (np.arange(200) + 0.5) / 200, dense(law).mean(axis=1))
        for num_points, num_seeds in SIZES:
            rng = np.random.default_rng([num_points, num_seeds, len(law)])
            bands, parts = [], []
            for _ in range(repeats):
                x = stats.qmc.Sobol(2, rng=rng).random(num_points)
                y = measured(law, x, num_seeds, rng)
                model = surrogate.fit(x, y, rng=rng)
                band = curves.partial_dependence(model, 0, at, num_bootstrap=100, rng=rng)
                bands.append(_inside(band.low, band.high, curve))
                r2 = surrogate.cross_validated_r2(x, y.mean(axis=1), rng=rng, start=model.kernel)
                found = decomposition.functional(x, y, ["a", "b"], num_bootstrap=100, rng=rng, model=model, r2=r2)
                truth = np.array([shares.get(name, np.nan) for name in found.sources])
                parts.append(np.where(np.isfinite(truth), _inside(found.low, found.high, truth), np.nan))
            size = f"{num_points} x {num_seeds}"
            yield _counted("partial dependence, pointwise", law, size, bands)
            yield _counted("shares of variance, surrogate", law, size, parts)


def grids(repeats: int) -> Iterator[Row]:
    """Exact shares of a full grid, of which the points are all there are."""
    axis = np.linspace(0.1, 0.9, 4)
    x = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    for law in SURFACES:
        f = SURFACES[law](x).reshape(4, 4)
        rows, columns = f.mean(axis=1, keepdims=True), f.mean(axis=0, keepdims=True)
        both = f - rows - columns + f.mean()
        away = f - dense(law).mean()
        residual = ERROR**2 + float((f * (1 - f)).mean()) / IMAGES + SLOPE**2 * f.var()
        seed = SEED**2 + SLOPE**2 * away.mean() ** 2
        parts = np.array([rows.var(), columns.var(), (both**2).mean(), seed, residual])
        truth = parts / parts.sum()
        for num_seeds in (3, 5):
            rng = np.random.default_rng([num_seeds, len(law)])
            inside = []
            for _ in range(repeats):
                found = decomposition.anova(x, measured(law, x, num_seeds, rng), ["a", "b"])
                inside.append(_inside(found.low, found.high, truth))
            yield _counted("shares of variance, full grid", law, f"16 x {num_seeds}", inside)


def levels(repeats: int) -> Iterator[Row]:
    """Means at the levels of one parameter, together; and the width within 0.02 of the best."""
    x = np.stack([LEVELS, np.full(len(LEVELS), 0.5)], axis=-1)
    for law in SURFACES:
        truth = SURFACES[law](x)
        for num_seeds in (3, 5):
            rng = np.random.default_rng([num_seeds, len(law), 2])
            together, widths = [], []
            drawn = [measured(law, x, num_seeds, rng) for _ in range(repeats)]
            centre = np.mean([curves.tolerance_width(y, 0.02, positions=LEVELS).value for y in drawn])
            for y in drawn:
                curve = curves.one_at_a_time(y)
                each = _inside(curve.low, curve.high, truth)
                together.append(np.array(np.nan if np.isnan(each).any() else each.all()))
                width = curves.tolerance_width(y, 0.02, positions=LEVELS)
                widths.append(_inside(np.array(width.low), np.array(width.high), centre))
            yield _counted("one at a time, all levels", law, f"5 x {num_seeds}", together)
            yield _counted("tolerance width", law, f"5 x {num_seeds}", widths)


def _paths(y: Array) -> tuple[Array, Array]:
    """Accuracies on the way: half, three quarters, seven eighths, all of what is reached in the end."""
    return np.array([50.0, 100.0, 150.0, 200.0]), y[..., None] * np.array([0.5, 0.75, 0.875, 1.0])


def _steps(a: Array, b: Array) -> Interval:
    target = 0.9 * min(a.mean(), b.mean())
    arrivals = [convergence.steps_to_target(*_paths(y), target) for y in (a, b)]
    return _of(convergence.speed_difference(*arrivals).difference)


def _area(a: Array, b: Array) -> Interval:
    areas = [convergence.area_under_curve(*_paths(y)) for y in (a, b)]
    return _of(comparison.mean_difference(*areas))


def _failures(a: Array, b: Array) -> Interval:
    return _of(failures.compare_failures(a < 0.3, b < 0.3, scores=(a, b)).difference)


def _of(found: comparison.Result) -> Interval:
    return Interval(found.estimate, found.low, found.high, found.se, found.df, found.reason)


def _box(a: Array, b: Array) -> Interval:
    """The mean's difference with half the points weighted twice: a prior that knows nothing of the accuracies."""
    weights = np.where(np.arange(len(a)) % 2, 2.0, 1.0)
    weights /= weights.sum()
    both = multiverse.difference(multiverse.mean_levels(weights, b), multiverse.mean_levels(weights, a))
    return multiverse.interval(both, weights)


PAIRS: dict[str, Callable[[Array, Array], Interval]] = {
    "difference of sd (equivalence)": lambda a, b: _of(comparison.std_difference(a, b)),
    "ln ratio of sd on logit": lambda a, b: _of(comparison.stability(logit(a), logit(b))),
    "difference of failure rates": _failures,
    "steps to target": _steps,
    "area under the curve": _area,
    "mean under another prior": _box,
}


def pairs(repeats: int) -> Iterator[Row]:
    """Differences of methods that are alike: the truth is 0."""
    for what, interval in PAIRS.items():
        for law in LAWS:
            for num_points, num_seeds in SIZES:
                rng = np.random.default_rng([num_points, num_seeds, len(law), len(what)])
                found = [interval(*LAWS[law](rng, num_points, num_seeds)) for _ in range(repeats)]
                inside = [_inside(np.array(f.low), np.array(f.high), np.array(0.0)) for f in found]
                yield _counted(what, law, f"{num_points} x {num_seeds}", inside)


def defaults(repeats: int) -> Iterator[Row]:
    """The difference of two methods at one point, over seeds."""
    for num_seeds in (3, 5):
        rng = np.random.default_rng(num_seeds)
        inside = []
        for _ in range(repeats):
            y = 0.8 + SEED * rng.standard_normal((2, num_seeds)) + ERROR * rng.standard_normal((2, num_seeds))
            y = rng.binomial(IMAGES, y) / IMAGES
            found = intervals.mean_interval(y[0] - y[1], 0.95)
            inside.append(_inside(np.array(found.low), np.array(found.high), np.array(0.0)))
        yield _counted("difference at the defaults", "normal", f"1 x {num_seeds}", inside)


def middle(repeats: int) -> Iterator[Row]:
    """The interquartile mean of one method's cells, whose truth is that of very many."""
    for law in LAWS:
        draws = [LAWS[law](np.random.default_rng(k), 2000, 40)[0] for k in range(5)]
        truth = np.array(np.mean([profiles.interquartile_mean(y).estimate for y in draws]))
        for num_points, num_seeds in SIZES:
            rng = np.random.default_rng([num_points, num_seeds, len(law)])
            found = [profiles.interquartile_mean(LAWS[law](rng, num_points, num_seeds)[0]) for _ in range(repeats)]
            inside = [_inside(np.array(f.low), np.array(f.high), truth) for f in found]
            yield _counted("interquartile mean", law, f"{num_points} x {num_seeds}", inside)


def short(rows: list[Row]) -> Iterator[str]:
    """A line an interval: mean and lowest coverage over laws and sizes."""
    yield "| interval | mean coverage | lowest coverage | most without one | studies a row |"
    yield "| --- | --- | --- | --- | --- |"
    for what in dict.fromkeys(row.what for row in rows):
        own = [row for row in rows if row.what == what and np.isfinite(row.covered)]
        least = min(own, key=lambda row: row.covered)
        mean, most = np.mean([row.covered for row in own]), max(row.none for row in own)
        where = f"{least.law}, {least.size}"
        yield f"| {what} | {mean:.3f} | {least.covered:.3f} ({where}) | {most:.2f} | {least.repeats} |"
