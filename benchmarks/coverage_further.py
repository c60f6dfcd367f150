"""How often further printed intervals hold the truth: other ranges and priors, a method's gains, its place in a plane.

    python benchmarks/coverage.py further

Ranges: the difference of two methods that are alike, over a box about the defaults or under another prior, from points
of ``laws.py`` that lie in a space of two hyperparameters, one on a log scale; where they lie says nothing of their
accuracy, so that the truth is 0 in every range. Only weightings on which the program gives an interval are counted.

Gains and sensitivities of one method: laws of ``coverage_laws.py``; the truth is the mean of the estimates of many
other studies, as an expected best of n is what they say they are. The plane's limits are found anew in each.

Effective dimension: two settings on [0, 1]^2 whose best first hyperparameter differs and whose best second one does not
(true dimension 1), and two that agree (0). A set of dimensions counts as held if the true one is in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import coverage_laws
import numpy as np
from coverage_surfaces import Row
from laws import LAWS, Array
from scipy import stats

from ssc_tune.analysis.estimators import extremes, multiverse, plane, surrogate, transfer
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.multiverse import Coordinates
from ssc_tune.analysis.estimators.spread import WORST_FRACTION
from ssc_tune.analysis.measures import searches

SIZES = ((16, 3), (32, 3), (64, 3), (32, 5), (64, 5))
RATIO = 30.0
"""Largest by smallest value of the hyperparameter on a log scale."""


def row(what: str, law: str, size: str, held: list[float]) -> Row:
    """From 1 (held), 0 (missed) and NaN (no interval)."""
    every = np.array(held)
    known = every[np.isfinite(every)]
    covered = float(known.mean()) if len(known) else math.nan
    return Row(what, law, size, covered, float(np.isnan(every).mean()), len(every))


def held(found: Interval, truth: float) -> float:
    """Whether an interval holds the truth; NaN where there is none."""
    return math.nan if math.isnan(found.low) else float(found.low <= truth <= found.high)


def weightings(num_points: int, rng: np.random.Generator) -> list[multiverse.Weighting]:
    """Those of a study of two hyperparameters that are worth enough points, the whole space left out."""
    unit = stats.qmc.Sobol(2, rng=rng).random(num_points)
    where = Coordinates(("log", "linear"), unit, np.array([0.5, 0.4]), np.array([True, True]))
    density = np.stack([RATIO ** unit[:, 0], np.ones(num_points)], axis=1)
    found = multiverse.weightings(where, density)[1:]
    return [one for one in found if one.effective_points >= multiverse.MINIMUM_EFFECTIVE]


MEASURES: dict[str, tuple[Callable[[Array, Array], multiverse.Levels], Callable[[Array], Array] | None]] = {
    "std": (multiverse.variance_levels, lambda v: 0.5 * np.log(v)),
    "mean": (multiverse.mean_levels, None),
    "cvar": (multiverse.cvar_levels, None),
}


def ranges(repeats: int) -> Iterator[Row]:
    """The specification curve of methods that are alike, by measure and by what a weighting is worth."""
    for law in LAWS:
        for num_points, num_seeds in SIZES:
            rng = np.random.default_rng([num_points, num_seeds, len(law), 3])
            counted: dict[str, list[float]] = {name: [] for name in MEASURES}
            for _ in range(repeats):
                pair = LAWS[law](rng, num_points, num_seeds)
                for weighting in weightings(num_points, rng):
                    for name, (levels, scale) in MEASURES.items():
                        both = [levels(weighting.weights, y) for y in pair]
                        both = both if scale is None else [multiverse.mapped(one, scale) for one in both]
                        fraction = WORST_FRACTION if name == "cvar" else 1.0
                        found = multiverse.interval(multiverse.difference(*both), weighting.weights, fraction=fraction)
                        counted[name].append(held(found, 0.0))
            for name, each in counted.items():
                if each:
                    yield row(f"other ranges, {name}", law, f"{num_points} x {num_seeds}", each)._replace(
                        repeats=repeats
                    )


def gains(repeats: int) -> Iterator[Row]:
    """Tunability and default_regret of one method."""
    for law_name, law in coverage_laws.LAWS.items():
        for size in SIZES:
            rng = np.random.default_rng([*size, len(law_name), 4])
            budgets = [size[0] // 4, size[0] // 2]

            def sample(
                rng: np.random.Generator = rng,
                law: coverage_laws.Law = law,
                size: tuple[int, int] = size,
                budgets: list[int] = budgets,
            ) -> extremes.Sample:
                one = coverage_laws.draw(law, size, 1.0, rng)[0]
                return extremes.gain(one.test, one.validation, one.default_test, budgets)

            drawn = [sample() for _ in range(repeats)]
            truth = np.mean([sample().estimate for _ in range(3 * repeats)], axis=0)
            for k, what in enumerate(("tunability of a method", "default_regret of a method")):
                each = [held(one.own(k, confidence=0.95), float(truth[k])) for one in drawn]
                yield row(what, law_name, f"{size[0]} x {size[1]}", each)


def replicated(repeats: int) -> Iterator[Row]:
    """``default_regret`` of one method's searches."""
    for num_searches, num_seeds in ((3, 3), (5, 3), (5, 5), (10, 3), (10, 5)):
        rng = np.random.default_rng([num_searches, num_seeds, 5])
        found = [
            searches.gain(coverage_laws.draw_searches(num_searches, num_seeds, rng), confidence=0.95)
            for _ in range(4 * repeats)
        ]
        truth = float(np.mean([one.estimate for one in found[repeats:]]))
        each = [held(one, truth) for one in found[:repeats]]
        yield row("default_regret of a method's searches", "bowl", f"{num_searches} searches x {num_seeds}", each)


def _phi(law: coverage_laws.Law, size: tuple[int, int], rng: np.random.Generator) -> Interval:
    tables = coverage_laws.draw_settings(law, size, (0.8, 0.3), rng)  # method by setting, split, points, seeds
    limits = transfer.pooled_limits(tables[:, 0])
    return plane.sensitivity_interval(tables[:2, 0], tables[:2, 1], limits)


def sensitivities(repeats: int) -> Iterator[Row]:
    """Phi of one method in the plane of performance and sensitivity."""
    for name, law in coverage_laws.LAWS.items():
        for size in SIZES[:4]:
            rng = np.random.default_rng([*size, len(name), 6])
            found = [_phi(law, size, rng) for _ in range(4 * repeats)]
            truth = float(np.mean([one.estimate for one in found[repeats:]]))
            each = [held(one, truth) for one in found[:repeats]]
            yield row("sensitivity over settings of a method", name, f"{size[0]} x {size[1]}", each)


SHIFTS = {"settings agree": ((0.5, 0.5), 0), "the best first one differs": ((0.15, 0.85), 1)}


def _setting(x: Array, best: float, num_seeds: int, rng: np.random.Generator) -> Array:
    f = 0.85 - 0.4 * (x[:, 0] - best) ** 2 - 0.3 * (x[:, 1] - 0.5) ** 2
    seeds, cells = 0.01 * rng.standard_normal(num_seeds), 0.015 * rng.standard_normal((len(x), num_seeds))
    share = np.clip(f[:, None] + seeds + cells, 0, 1)
    return np.asarray(rng.binomial(coverage_laws.IMAGES, share) / coverage_laws.IMAGES)


def dimensions(repeats: int) -> Iterator[Row]:
    """The set of effective dimensions from surrogates resampled over points and seeds, as the report makes it."""
    axes = np.linspace(0, 1, 9)
    grid = np.stack([part.ravel() for part in np.meshgrid(axes, axes, indexing="ij")], axis=1)
    for law, (bests, truth) in SHIFTS.items():
        for num_points, num_seeds in ((16, 3), (32, 3), (64, 5)):
            rng = np.random.default_rng([num_points, num_seeds, truth])
            each = []
            for _ in range(repeats):
                x = stats.qmc.Sobol(2, rng=rng).random(num_points)
                tables = [_setting(x, best, num_seeds, rng) for best in bests]
                limits = np.array([np.percentile(y.mean(axis=1), (5, 95)) for y in tables])
                models = [surrogate.fit(x, y, rng=rng) for y in tables]
                seed = int(rng.integers(2**32))
                drawn = [model.bootstrap(100, rng=np.random.default_rng(seed)) for model in models]
                scores = [m.predict_resampled(grid, d) for m, d in zip(models, drawn, strict=True)]
                stacked = np.moveaxis(transfer.normalize(np.stack(scores), limits=limits), 0, 1)
                found = plane.distribution(plane.effective_dimensions(stacked.reshape(100, 2, 9, 9)), 2)
                each.append(float(truth in found.likely) if found.num_draws else math.nan)
            yield row("effective dimension, set", law, f"{num_points} x {num_seeds}", each)


PARTS = (ranges, gains, replicated, sensitivities, dimensions)
