"""Laws of made-up studies: two methods that are alike, on shared points and seeds, measured on 500 test images.

Each law is a function ``(rng, N, R) -> (first, second)``, accuracies (N, R) of the two methods. Both follow one law, so
that the truth of every difference and of every log ratio is 0; ``unequal noise`` differs in noise alone. The methods'
point effects are correlated by 0.5; every method has seed effects of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
Law = Callable[[np.random.Generator, int, int], tuple[Array, Array]]
IMAGES = 500


class Effects:
    """Standard normal effects of one method."""

    def __init__(self, rng: np.random.Generator, common: Array, num_seeds: int, images: int | None) -> None:
        num_points = len(common)
        self.rng, self.images = rng, images
        self.point = math.sqrt(0.5) * (common + rng.standard_normal((num_points, 1)))
        self.seed = rng.standard_normal((1, num_seeds))
        self.error = rng.standard_normal((num_points, num_seeds))

    def measured(self, accuracy: Array) -> Array:
        """Accuracies as counted on a test split."""
        held = np.clip(np.broadcast_to(accuracy, self.error.shape), 0, 1)
        return held if self.images is None else self.rng.binomial(self.images, held) / self.images


def _normal(e: Effects, method: int) -> Array:
    return 0.75 + 0.05 * e.point + 0.015 * e.seed + 0.02 * e.error


def _ceiling(e: Effects, method: int) -> Array:
    return 1 / (1 + np.exp(-(3.2 + 0.8 * e.point + 0.2 * e.seed + 0.3 * e.error)))


def _collapsing(e: Effects, method: int) -> Array:
    """A tenth of the points is at chance with every seed."""
    well = 0.8 + 0.03 * e.point + 0.015 * e.seed + 0.02 * e.error
    return np.where(stats.norm.cdf(e.point) < 0.1, 0.1, well)


def _collapsing_cells(e: Effects, method: int) -> Array:
    """Single cells are at chance: half of those of the worst fifth of the points, 2% elsewhere."""
    well = 0.8 + 0.03 * e.point + 0.015 * e.seed + 0.02 * e.error
    probability = np.where(stats.norm.cdf(e.point) < 0.2, 0.5, 0.02)
    return np.where(e.rng.random(e.error.shape) < probability, 0.1, well)


def _skewed(e: Effects, method: int) -> Array:
    """Minus exponential effects of points: a long tail of bad ones."""
    tail = 1 + np.log(np.clip(stats.norm.cdf(e.point), 1e-12, 1))
    return 0.85 + 0.05 * tail + 0.015 * e.seed + 0.02 * e.error


def _unequal_noise(e: Effects, method: int) -> Array:
    return 0.75 + 0.05 * e.point + 0.015 * e.seed + (0.014, 0.044)[method] * e.error


def _seed_slopes(e: Effects, method: int) -> Array:
    """Sensitivity that varies by seed, with a coefficient of variation of 0.4."""
    slope = 1 + 0.4 * e.rng.standard_normal(e.seed.shape)
    return 0.75 + 0.05 * slope * e.point + 0.015 * e.seed + 0.02 * e.error


_KINDS: dict[str, Callable[[Effects, int], Array]] = {
    "normal": _normal,
    "near the ceiling": _ceiling,
    "collapsing points": _collapsing,
    "collapsing cells": _collapsing_cells,
    "skewed": _skewed,
    "unequal noise": _unequal_noise,
    "seed slopes": _seed_slopes,
}


def _law(kind: Callable[[Effects, int], Array], images: int | None) -> Law:
    def draw(rng: np.random.Generator, num_points: int, num_seeds: int) -> tuple[Array, Array]:
        common = rng.standard_normal((num_points, 1))
        both = [Effects(rng, common, num_seeds, images) for _ in (0, 1)]
        return both[0].measured(kind(both[0], 0)), both[1].measured(kind(both[1], 1))

    return draw


LAWS: dict[str, Law] = {name: _law(kind, IMAGES) for name, kind in _KINDS.items()}
"""The laws by name."""

SIZES = ((16, 3), (16, 5), (32, 3), (32, 5), (64, 3), (64, 5))
"""Points and seeds."""
