"""How often the printed differences of two methods hold the truth that the other scripts leave out.

    python benchmarks/coverage.py pairs

Two methods that are alike by the laws of ``laws.py``, so that the truth is 0; and what is printed of the middle and of
the course of one method's cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from coverage_surfaces import ERROR, SEED, SIZES, Row, counted, inside_of
from laws import IMAGES, LAWS, Array

from ssc_tune.analysis.estimators import comparison, convergence, failures, intervals, multiverse, profiles
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.spread import logit


def _paths(y: Array) -> tuple[Array, Array]:
    """Accuracies on the way: half, three quarters, seven eighths, all of what is reached in the end."""
    return np.array([50.0, 100.0, 150.0, 200.0]), y[..., None] * np.array([0.5, 0.75, 0.875, 1.0])


def _steps(a: Array, b: Array) -> Interval:
    target = 0.9 * min(a.mean(), b.mean())
    arrivals = [convergence.steps_to_target(*_paths(y), target) for y in (a, b)]
    return convergence.speed_difference(*arrivals).difference


def _area(a: Array, b: Array) -> Interval:
    areas = [convergence.area_under_curve(*_paths(y)) for y in (a, b)]
    return comparison.mean_difference(*areas)


def _failures(a: Array, b: Array) -> Interval:
    return failures.compare_failures(a < 0.3, b < 0.3, scores=(a, b)).difference


def _box(a: Array, b: Array) -> Interval:
    """The mean's difference with half the points weighted twice: a prior that knows nothing of the accuracies."""
    weights = np.where(np.arange(len(a)) % 2, 2.0, 1.0)
    weights /= weights.sum()
    both = multiverse.difference(multiverse.mean_levels(weights, b), multiverse.mean_levels(weights, a))
    return multiverse.interval(both, weights)


PAIRS: dict[str, Callable[[Array, Array], Interval]] = {
    "difference of sd (equivalence)": lambda a, b: comparison.std_difference(a, b),
    "ln ratio of sd on logit": lambda a, b: comparison.stability(logit(a), logit(b)),
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
                inside = [inside_of(np.array(f.low), np.array(f.high), np.array(0.0)) for f in found]
                yield counted(what, law, f"{num_points} x {num_seeds}", inside)


def defaults(repeats: int) -> Iterator[Row]:
    """The difference of two methods at one point, over seeds."""
    for num_seeds in (3, 5):
        rng = np.random.default_rng(num_seeds)
        inside = []
        for _ in range(repeats):
            y = 0.8 + SEED * rng.standard_normal((2, num_seeds)) + ERROR * rng.standard_normal((2, num_seeds))
            y = rng.binomial(IMAGES, y) / IMAGES
            found = intervals.mean_interval(y[0] - y[1], 0.95)
            inside.append(inside_of(np.array(found.low), np.array(found.high), np.array(0.0)))
        yield counted("difference at the defaults", "normal", f"1 x {num_seeds}", inside)


DEFAULTS: dict[str, tuple[float, float]] = {  # level, and how often a seed ends at 0.3 instead
    "normal": (0.8, 0.0),
    "near the ceiling": (0.98, 0.0),
    "a seed in ten collapses": (0.8, 0.1),
}


def default_of_one(repeats: int) -> Iterator[Row]:
    """One method's accuracy at the defaults, over seeds; the truth is the mean over very many."""
    for law, (level, collapse) in DEFAULTS.items():

        def drawn(rng: np.random.Generator, num_seeds: int, level: float = level, collapse: float = collapse) -> Array:
            y = level + float(np.hypot(SEED, ERROR)) * rng.standard_normal(num_seeds)
            y = np.where(rng.random(num_seeds) < collapse, 0.3, y)
            return rng.binomial(IMAGES, np.clip(y, 0, 1)) / IMAGES

        truth = np.array(drawn(np.random.default_rng(0), 1_000_000).mean())
        for num_seeds in (3, 5, 10):
            rng = np.random.default_rng([num_seeds, len(law)])
            found = [intervals.mean_interval(drawn(rng, num_seeds), 0.95) for _ in range(repeats)]
            inside = [inside_of(np.array(f.low), np.array(f.high), truth) for f in found]
            yield counted("accuracy at the defaults of a method", law, f"1 x {num_seeds}", inside)


def middle(repeats: int) -> Iterator[Row]:
    """The interquartile mean of one method's cells, whose truth is that of very many."""
    for law in LAWS:
        draws = [LAWS[law](np.random.default_rng(k), 2000, 40)[0] for k in range(5)]
        truth = np.array(np.mean([profiles.interquartile_mean(y).estimate for y in draws]))
        for num_points, num_seeds in SIZES:
            rng = np.random.default_rng([num_points, num_seeds, len(law)])
            found = [profiles.interquartile_mean(LAWS[law](rng, num_points, num_seeds)[0]) for _ in range(repeats)]
            inside = [inside_of(np.array(f.low), np.array(f.high), truth) for f in found]
            yield counted("interquartile mean", law, f"{num_points} x {num_seeds}", inside)
