"""Held-out bests and worsts: leaving points and seeds out by loops, intervals by hand, rates by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ssc_tune.analysis.estimators import budget, extremes


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 9), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_leaving_out_is_that_of_a_loop_ties_included(num_points: int, num_seeds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    test, validation = rng.random((num_points, num_seeds)), rng.integers(0, 3, (num_points, num_seeds)) / 2
    budgets = sorted({1, 2, num_points - 1, num_points})
    for lowest, sign in ((False, 1), (True, -1)):
        found = extremes.expected(test, validation, budgets, lowest=lowest)

        def oracle(y: np.ndarray, chooser: np.ndarray, n: int, sign: int = sign) -> float:
            return budget.held_out_best(y, n, choose_by=sign * chooser)

        for k, n in enumerate(budgets):
            assert found.estimate[k] == pytest.approx(oracle(test, validation, n))
            for i in range(num_points):
                left = oracle(np.delete(test, i, 0), np.delete(validation, i, 0), min(n, num_points - 1))
                assert found.points[i, k] == pytest.approx(left)
            for j in range(num_seeds if num_seeds > 2 else 0):
                left = oracle(np.delete(test, j, 1), np.delete(validation, j, 1), n)
                assert found.seeds[j, k] == pytest.approx(left)
        assert len(found.seeds) == (num_seeds if num_seeds > 2 else 0)


def test_a_budget_of_one_is_the_mean_with_both_jackknives() -> None:
    rng = np.random.default_rng(1)
    y = rng.random((12, 4))
    found = extremes.expected(y, rng.random((12, 4)), [1]).interval(confidence=0.9)
    points, seeds = y.mean(axis=1).var(ddof=1) / 12, y.mean(axis=0).var(ddof=1) / 4
    assert found.estimate == pytest.approx(y.mean())
    assert found.se == pytest.approx(math.sqrt(points + seeds))
    dfs = [min(n - 1, 2 * n / (stats.kurtosis(y.mean(axis=axis), fisher=False) - 1)) for axis, n in ((1, 12), (0, 4))]
    assert found.df == pytest.approx((points + seeds) ** 2 / (points**2 / dfs[0] + seeds**2 / dfs[1]))
    assert found.high == pytest.approx(y.mean() + stats.t.ppf(0.95, found.df) * found.se)


def test_degrees_of_freedom_fall_where_one_value_decides() -> None:
    one = np.r_[np.zeros(31), 1.0]
    assert extremes.part(one).df == pytest.approx(2 * 32 / (stats.kurtosis(one, fisher=False) - 1))
    assert extremes.part(one).df < 2.3
    assert extremes.part(np.r_[np.zeros(16), np.ones(16)]).df == 31
    assert extremes.part(np.full(5, 0.3)) == (0.0, 4.0)


def test_gain_subtracts_the_default_of_the_same_seeds() -> None:
    rng = np.random.default_rng(2)
    y, default = rng.random((10, 3)), rng.random(3)
    best, gained = extremes.expected(y, y, [4]), extremes.gain(y, y, default, [4])
    assert gained.estimate == pytest.approx(best.estimate - default.mean())
    np.testing.assert_allclose(gained.points, best.points - default.mean())
    left = [best.seeds[j, 0] - np.delete(default, j).mean() for j in range(3)]
    assert gained.seeds[:, 0] == pytest.approx(left)


def test_too_few_points_or_seeds_have_a_reason() -> None:
    y = np.random.default_rng(3).random((8, 2))
    two = extremes.expected(y, y, [2]).interval(confidence=0.95)
    assert math.isfinite(two.estimate)
    assert math.isnan(two.low)
    assert "3 seeds" in two.reason
    assert "3 points" in extremes.band(np.ones((2, 3)), np.ones((2, 3)), [1]).reason
    with pytest.raises(ValueError, match="one seed"):
        extremes.expected(y[:, :1], y[:, :1], [2])
    flat = extremes.expected(np.ones((8, 3)), np.ones((8, 3)), [2]).interval(confidence=0.95)
    assert flat.reason == "the values do not vary"


def test_gain_of_pure_noise_is_nothing() -> None:
    rng = np.random.default_rng(8)
    found, naive = [], []
    for _ in range(150):
        y, default = rng.normal(size=(16, 2)), rng.normal(size=2)
        found.append(extremes.gain(y, y, default, [8]).estimate[0])
        naive.append(budget.expected_best(y, 8) - default.mean())
    assert np.mean(found) == pytest.approx(0, abs=0.25)
    assert np.mean(naive) > 0.7


def test_the_band_is_wider_than_the_interval_and_has_the_same_middle() -> None:
    rng = np.random.default_rng(4)
    y = rng.random((16, 1)) + 0.3 * rng.random((16, 3))
    band = extremes.band(y, y, range(1, 9))
    found = extremes.expected(y, y, range(1, 9))
    for k in range(8):
        interval = found.interval(k, confidence=0.95)
        assert band.values[k] == pytest.approx(interval.estimate)
        assert band.low[k] < interval.low
        assert band.high[k] > interval.high


@pytest.mark.slow
def test_equal_methods_of_unequal_noise_are_hardly_ever_called_apart() -> None:
    """Best of 8 of 32 points, spread .02, noise .044 against .014, 3 seeds: where one set of seeds chose and scored,
    10 to 15% of studies called the noisier method better."""
    rng, apart, flattered, repeats = np.random.default_rng(1), 0, 0, 500
    for _ in range(repeats):
        shared = rng.standard_normal((32, 1))
        samples = []
        for noise in (0.044, 0.014):
            f = 0.8 + 0.02 * (math.sqrt(0.5) * shared + math.sqrt(0.5) * rng.standard_normal((32, 1)))
            cell = f + noise * rng.standard_normal((32, 3))
            test, validation = (cell + 0.005 * rng.standard_normal(cell.shape) for _ in range(2))
            samples.append(extremes.expected(test, validation, [8]))
        found = samples[0].minus(samples[1]).interval(confidence=0.95)
        apart += not found.low <= 0 <= found.high
        flattered += found.low > 0
    assert apart / repeats <= 0.05
    assert flattered / repeats <= 0.01  # the noisier one, which is worse where it is chosen


def test_the_interval_of_one_method_gives_each_part_its_own_quantile() -> None:
    rng = np.random.default_rng(11)
    points, seeds = rng.normal(size=20), rng.normal(size=4)
    found, both = extremes.separate(0.5, points, seeds, 0.95), extremes.crossed(0.5, points, seeds, 0.95)
    squares = [p.variance * stats.t.ppf(0.975, p.df) ** 2 for p in (extremes.part(points), extremes.part(seeds))]
    assert found.high - 0.5 == pytest.approx(math.sqrt(sum(squares)))
    assert found.high - found.low >= both.high - both.low
    assert extremes.separate(0.5, points, seeds[:2], 0.95).reason == extremes.FEW_SEEDS
    assert "do not vary" in extremes.separate(0.5, np.zeros(5), np.zeros(3), 0.95).reason
