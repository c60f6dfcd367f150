"""Near-optimal volume against a closed form, enumeration and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binomtest, qmc

from ssc_tune.analysis import volume


@pytest.mark.parametrize("delta", [0.02, 0.1, 0.25])
def test_disc_has_volume_pi_delta(delta: float) -> None:
    points = qmc.Sobol(2, rng=np.random.default_rng(0)).random(2**14)
    values = 1 - ((points - 0.5) ** 2).sum(axis=1)
    assert volume.near_optimal(values, delta).share == pytest.approx(math.pi * delta, abs=0.004)


def test_wilson_interval_is_that_of_scipy() -> None:
    values = np.zeros((32, 2))
    values[:7] = 1.0
    found = volume.near_optimal(values, 0.5)
    oracle = binomtest(7, 32).proportion_ci(method="wilson")
    assert (found.share, found.low, found.high) == pytest.approx((7 / 32, oracle.low, oracle.high))
    assert (found.low, found.high) == pytest.approx((0.1102, 0.3875), abs=5e-5)


def test_corrected_best_is_the_mean_over_every_split() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=(6, 5))
    found = []
    for size in (2, 3):
        for half in itertools.combinations(range(5), size):
            other = [j for j in range(5) if j not in half]
            chosen = max(range(6), key=lambda i: sum(y[i, j] for j in half) / len(half))
            found.append(sum(y[chosen, j] for j in other) / len(other))
    assert volume.corrected_best(y) == pytest.approx(sum(found) / len(found))


def test_optimism_of_the_maximum_is_removed() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(400, 32, 4))  # every point is equally good: the true best is 0
    naive = np.mean([y.mean(axis=1).max() for y in noise])
    corrected = np.mean([volume.corrected_best(y) for y in noise])
    assert naive == pytest.approx(2.070 / 2, abs=0.04)  # E[max of 32] sd / sqrt(R)
    assert corrected == pytest.approx(0, abs=0.04)


def test_effects_of_seeds_alone_do_not_bias_the_best() -> None:
    effects = np.random.default_rng(2).normal(size=5)
    points = np.linspace(0, 1, 20)
    assert volume.corrected_best(points[:, None] + effects) == pytest.approx(1 + effects.mean())


def test_one_seed_has_a_reason_and_a_given_best_is_used() -> None:
    values = np.array([0.1, 0.5, 0.9])
    alone = volume.near_optimal(values, 0.45)
    assert alone.reason == volume.ONE_SEED
    assert alone.share == pytest.approx(2 / 3)
    assert math.isnan(volume.corrected_best(values))
    pooled = volume.near_optimal(values, 0.45, best=1.2)
    assert (pooled.share, pooled.reason) == (pytest.approx(1 / 3), "")


def test_many_seeds_use_random_halves_that_balance() -> None:
    pairs = volume.seed_splits(12, rng=np.random.default_rng(0))
    assert len(pairs) == 252
    np.testing.assert_allclose(np.mean([score for _, score in pairs], axis=0), 1 / 12)
    for choose, score in pairs:
        assert (choose * score == 0).all()


def test_curve_rises_and_its_area_is_the_trapezoid() -> None:
    y = np.random.default_rng(5).normal(size=(64, 3))
    deltas = np.linspace(0, 4, 9)
    found = volume.curve(y, deltas)
    assert (np.diff(found.share) >= 0).all()
    assert found.area == pytest.approx(sum((a + b) / 2 for a, b in itertools.pairwise(found.share)) / 8)
    assert ((found.low <= found.share) & (found.share <= found.high)).all()


@pytest.mark.parametrize("bad", [[[np.nan, 1.0]], np.zeros((2, 2, 2)), np.empty((0, 3))])
def test_unusable_values_are_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="scores"):
        volume.near_optimal(bad, 0.1)


def test_negative_tolerance_is_refused() -> None:
    with pytest.raises(ValueError, match="delta"):
        volume.near_optimal([0.1, 0.2], -0.1)
    with pytest.raises(ValueError, match="increasing"):
        volume.curve([0.1, 0.2], [0.2, 0.1])
