"""Effect curves against scipy's t intervals, closed forms and averages over the cube."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ssc_tune.analysis.estimators import curves, surrogate
from ssc_tune.analysis.estimators.intervals import Band


def test_intervals_are_bonferroni_t_intervals() -> None:
    y = np.random.default_rng(0).normal(size=(4, 5))
    found = curves.one_at_a_time(y)
    for level in range(4):
        oracle = stats.ttest_1samp(y[level], 0).confidence_interval(1 - 0.05 / 4)
        assert (found.low[level], found.high[level]) == pytest.approx((oracle.low, oracle.high))


def test_all_levels_are_covered_together() -> None:
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(1000):
        found = curves.one_at_a_time(rng.normal(size=(5, 4)))
        covered.append(((found.low <= 0) & (found.high >= 0)).all())
    assert 0.93 <= np.mean(covered) <= 0.975


def test_no_zero_width_intervals() -> None:
    one = curves.one_at_a_time([[0.1], [0.2]])
    assert np.isnan(one.low).all()
    assert "one seed" in one.reason
    equal = curves.one_at_a_time([[0.1, 0.1], [0.2, 0.4]])
    assert np.isnan(equal.low[0])
    assert np.isfinite(equal.low[1])
    assert equal.reason


def test_relative_curve_keeps_its_shape_and_loses_its_band() -> None:
    found = curves.one_at_a_time(np.random.default_rng(2).normal(size=(3, 4)))
    shifted = curves.relative(found, 0.5)
    np.testing.assert_allclose(shifted.values + 0.5, found.values)
    assert np.isnan(shifted.low).all()
    assert np.isnan(shifted.high).all()
    assert "error of its own" in shifted.reason


def test_width_of_a_parabola() -> None:
    at = np.linspace(0, 1, 201)
    y = np.repeat((1 - (at - 0.5) ** 2)[:, None], 3, axis=1)
    assert curves.tolerance_width(y, 0.04, positions=at).estimate == pytest.approx(0.4, abs=1e-3)
    assert curves.tolerance_width(y, 1.0, positions=at).estimate == pytest.approx(1.0)


def test_width_of_a_tent_on_uneven_levels() -> None:
    y = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    found = curves.tolerance_width(y, 0.25, positions=[0.0, 0.2, 1.0])
    assert found.estimate == pytest.approx(0.25)  # a quarter of either side
    assert "3 seeds" in found.reason
    assert math.isnan(found.low)


def test_width_of_a_choice_is_the_share_of_levels_with_a_jackknife_interval() -> None:
    rng = np.random.default_rng(3)
    y = np.array([0.9, 0.89, 0.5, 0.4])[:, None] + 0.02 * rng.normal(size=(4, 6))
    found = curves.tolerance_width(y, 0.05)
    assert found.estimate == pytest.approx(0.5)
    bowl = -((np.linspace(-1, 1, 20)[:, None]) ** 2) + 0.05 * rng.normal(size=(20, 5))
    noisy = curves.tolerance_width(bowl, 0.25, positions=np.linspace(0, 1, 20))
    assert 0 <= noisy.low < noisy.estimate < noisy.high <= 1
    assert noisy.low < 0.5 < noisy.high


def test_partial_dependence_is_the_average_of_the_surrogate() -> None:
    rng = np.random.default_rng(4)
    points = np.column_stack([rng.random((80, 2)), (rng.integers(3, size=80) + 0.5) / 3])
    values = np.sin(5 * points[:, 0]) * points[:, 1] + (points[:, 2] > 0.5)
    model = surrogate.fit(points, values, categories={2: 3}, rng=rng)
    others = rng.random((20_000, 3))
    for dimension, at in ((0, np.array([0.1, 0.6])), (2, np.array([1 / 6, 5 / 6]))):
        found = curves.partial_dependence(model, dimension, at, num_bootstrap=0, rng=rng)
        for k, position in enumerate(at):
            fixed = others.copy()
            fixed[:, dimension] = position
            assert found.values[k] == pytest.approx(model.predict(fixed).mean(), abs=0.01)


def test_partial_dependence_band_covers_an_additive_truth() -> None:
    at, covered = np.array([0.2, 0.5, 0.8]), []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        points = rng.random((64, 2))
        values = (points[:, 0] + np.cos(3 * points[:, 1]))[:, None] + 0.35 * rng.normal(size=(64, 3))
        model = surrogate.fit(points, values, rng=rng)
        found = curves.partial_dependence(model, 0, at, num_bootstrap=60, rng=rng)
        truth = at + np.sin(3) / 3
        covered.append((found.low <= truth) & (truth <= found.high))
    assert np.mean(covered) >= 0.85


def test_partial_dependence_has_a_band_from_three_seeds_on_wider_by_what_is_unexplained() -> None:
    rng, at = np.random.default_rng(5), np.array([0.2, 0.8])
    points = rng.random((32, 2))
    y = points[:, :1] + 0.1 * rng.normal(size=(32, 3))

    def band(scores: np.ndarray, unexplained: float = 0.0) -> Band:
        model = surrogate.fit(points, scores, rng=np.random.default_rng(0))
        return curves.partial_dependence(
            model, 0, at, num_bootstrap=30, rng=np.random.default_rng(1), unexplained=unexplained
        )

    few = band(y[:, :2])
    assert np.isnan(few.low).all()
    assert "3 seeds" in few.reason
    plain, wider = band(y), band(y, 0.3)
    misfit = 1.959964 * y.mean(axis=1).std() * np.sqrt(0.3 * 4 / 32)
    assert wider.high - wider.values == pytest.approx(np.hypot(plain.high - plain.values, misfit))


def test_noise_of_the_means_is_no_fault_of_the_surrogate() -> None:
    rng = np.random.default_rng(6)
    f, noise = rng.normal(size=(2000, 1)), rng.normal(size=(2000, 4))
    # means: variance 1 + 1/4, of which the true function explains 0.8
    assert surrogate.unexplained(f + noise, 0.8) == pytest.approx(0, abs=0.03)
    assert surrogate.unexplained(f + noise, 0.5) == pytest.approx(0.3, abs=0.03)
    assert surrogate.unexplained(f, 0.5) == pytest.approx(0.5)
    assert surrogate.unexplained(f, 1.2) == 0


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="increasing"):
        curves.tolerance_width([[0.1], [0.2]], 0.1, positions=[1.0, 0.5])
    with pytest.raises(ValueError, match="2 levels"):
        curves.tolerance_width([[0.1]], 0.1)
