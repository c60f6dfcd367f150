"""Performance profiles and the interquartile mean: by hand, by scipy, and by simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ssc_tune.analysis.estimators import profiles
from ssc_tune.analysis.estimators.crossed_shares import crossed_share


def scores(rng: np.random.Generator, num_points: int = 32, num_seeds: int = 5) -> np.ndarray:
    """Points, seeds and noise, with a tail of bad points."""
    points = -0.05 * np.exp(0.7 * rng.standard_normal((num_points, 1)))
    seeds = 0.02 * rng.standard_normal((1, num_seeds))
    return np.asarray(0.9 + points + seeds + 0.02 * rng.standard_normal((num_points, num_seeds)))


def test_the_profile_counts_cells_above() -> None:
    y = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    found = profiles.performance_profile(y, np.array([0.0, 0.2, 0.45, 0.6]))
    assert found.values == pytest.approx([1, 4 / 6, 2 / 6, 0])
    assert (found.low <= found.values).all()
    assert (found.values <= found.high).all()


def test_the_band_is_that_of_the_share_at_each_threshold() -> None:
    y = scores(np.random.default_rng(0))
    found = profiles.performance_profile(y, np.array([0.7, 0.85]), 0.9)
    for k, threshold in enumerate((0.7, 0.85)):
        one = crossed_share(y > threshold, 0.9, scores=y)
        assert (found.values[k], found.low[k], found.high[k]) == pytest.approx((one.estimate, one.low, one.high))


def test_one_seed_has_a_profile_and_no_band() -> None:
    found = profiles.performance_profile(np.array([[0.1], [0.4]]), np.array([0.2]))
    assert found.values == pytest.approx([0.5])
    assert np.isnan(found.low).all()
    assert found.reason == "one seed: seed noise is unknown"


def test_the_interquartile_mean_is_scipys() -> None:
    y = scores(np.random.default_rng(1), 17, 3)
    found = profiles.interquartile_mean(y)
    assert found.estimate == pytest.approx(stats.trim_mean(y.ravel(), 0.25))
    ordered = np.sort(y.ravel())  # 51 cells, 12 left out at either end
    assert found.estimate == pytest.approx(ordered[12:-12].mean())
    assert found.low < found.estimate < found.high


def test_shift_scale_and_labels() -> None:
    rng = np.random.default_rng(2)
    y = scores(rng)
    one = profiles.interquartile_mean(y)
    other = profiles.interquartile_mean(3 * y[rng.permutation(32)][:, rng.permutation(5)] - 1)
    for name in ("estimate", "low", "high"):
        assert getattr(other, name) == pytest.approx(3 * getattr(one, name) - 1)


def test_no_interval_without_a_second_seed_or_a_third_point() -> None:
    y = scores(np.random.default_rng(0))
    assert profiles.interquartile_mean(y[:, :1]).reason == "one seed: seed noise is unknown"
    assert profiles.interquartile_mean(y[:2]).reason == "fewer than 3 points"


def test_the_interval_of_the_interquartile_mean_covers() -> None:
    rng = np.random.default_rng(4)
    truth = float(stats.trim_mean(np.concatenate([scores(rng, 500, 40).ravel() for _ in range(40)]), 0.25))
    found = [profiles.interquartile_mean(scores(rng)) for _ in range(400)]
    inside = np.mean([interval.low <= truth <= interval.high for interval in found])
    assert 0.91 <= inside <= 0.995
