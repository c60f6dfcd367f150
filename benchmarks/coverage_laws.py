"""Studies of two methods with known laws, for simulations of what intervals and verdicts hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from ssc_tune.analysis.arrays import Scores
from ssc_tune.design.points import SEARCH_STRIDE

Array = np.ndarray
IMAGES = 500


class Law(NamedTuple):
    """How accuracies of one method come about; effects of points, seeds and noise are on the scale of ``effect``."""

    effect: Callable[[Array], Array]  # of a standard normal number
    spread: float  # by which seeds' effects and noise are scaled
    noise: tuple[float, float] = (0.5, 0.5)  # of the first and of the second method, in units of spread
    slope: float = 0.0  # coefficient of variation of sensitivity over seeds
    logit: bool = False


def _ranks(z: Array) -> Array:
    return np.clip(stats.norm.cdf(z), 1e-12, 1 - 1e-12)


def _normal(z: Array) -> Array:
    return 0.7 + 0.1 * z


def _beta(z: Array) -> Array:
    return 0.1 + 0.85 * special.betaincinv(8, 2, _ranks(z))


def _exponential(z: Array) -> Array:
    return 0.92 + 0.06 * np.log(_ranks(z))


def _collapsing(z: Array) -> Array:
    return np.where(z < stats.norm.ppf(0.1), 0.1, 0.8 + 0.1 * z)


def _ceiling(z: Array) -> Array:
    return 3 + 1.2 * z


LAWS = {
    "normal": Law(_normal, 0.1),
    "normal, little noise": Law(_normal, 0.1, (0.1, 0.1)),
    "beta(8, 2)": Law(_beta, 0.1),
    "exponential": Law(_exponential, 0.06),
    "collapsing": Law(_collapsing, 0.1),
    "near the ceiling": Law(_ceiling, 1.2, logit=True),
    "unequal noise": Law(_normal, 0.1, (1.0, 0.2)),
    "seed slopes": Law(_normal, 0.1, (0.2, 0.2), slope=0.4),
}


def accuracies(law: Law, z: Array, num_seeds: int, noise: float, scale: float, rng: np.random.Generator) -> list[Array]:
    """Test and validation accuracies (N, R) of points with normal scores ``z`` (N,), counted over ``IMAGES`` images."""
    centre = float(law.effect(np.zeros(1))[0])
    slopes = 1 + law.slope * rng.standard_normal(num_seeds)
    seeds = 0.3 * law.spread * rng.standard_normal(num_seeds)
    cells = noise * law.spread * rng.standard_normal((len(z), num_seeds))
    value = centre + scale * (slopes * (law.effect(z)[:, None] - centre) + seeds + cells)
    share = special.expit(value) if law.logit else np.clip(value, 0, 1)
    return [rng.binomial(IMAGES, share) / IMAGES for _ in range(2)]


def draw(law: Law, size: tuple[int, int], scale: float, rng: np.random.Generator) -> list[Scores]:
    """Both methods of a study; the last row of their points becomes the default."""
    num_points, num_seeds = size
    shared, found = rng.standard_normal(num_points + 1), []
    for noise, factor in zip(law.noise, (1.0, scale), strict=True):
        z = math.sqrt(0.5) * (shared + rng.standard_normal(num_points + 1))
        z[-1] = 0.0
        test, validation = accuracies(law, z, num_seeds, noise, factor, rng)
        found.append(as_scores(test[:-1], validation[:-1], test[-1], np.arange(1, num_points + 1)))
    return found


def as_scores(test: Array, validation: Array, default: Array, points: Array) -> Scores:
    """Scores of complete points without failures."""
    none = np.zeros(test.shape, dtype=bool)
    seeds = np.arange(test.shape[1])
    return Scores(points, seeds, test, validation, none, default, default, none[0], points, points)


def draw_searches(num_searches: int, num_seeds: int, rng: np.random.Generator) -> Scores:
    """Random searches of 10 points on a bowl, and a default."""
    surface = 0.9 - 0.1 * (rng.uniform(-1, 1, (num_searches * 10, 2)) ** 2).sum(axis=1)
    noise = 0.015 * rng.standard_normal((len(surface) + 1, num_seeds))
    share = np.clip(np.r_[surface, 0.8][:, None] + 0.01 * rng.standard_normal(num_seeds) + noise, 0, 1)
    test, validation = (rng.binomial(IMAGES, share) / IMAGES for _ in range(2))
    points = np.array([s * SEARCH_STRIDE + k for s in range(num_searches) for k in range(1, 11)])
    return as_scores(test[:-1], validation[:-1], test[-1], points)


def draw_settings(
    law: Law, size: tuple[int, int], correlations: tuple[float, float], rng: np.random.Generator
) -> Array:
    """Two methods in two settings (4, 2, N, R); a method's effects of points correlate over the settings."""
    tables = []
    for noise, correlation in zip(law.noise, correlations, strict=True):
        common = rng.standard_normal(size[0])
        for _ in range(2):
            z = math.sqrt(correlation) * common + math.sqrt(1 - correlation) * rng.standard_normal(size[0])
            tables.append(accuracies(law, z, size[1], noise, 1.0, rng))
    return np.array(tables)
