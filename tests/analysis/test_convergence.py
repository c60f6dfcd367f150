"""Speed of training by hand and against statsmodels' survival curves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ssc_tune.analysis.estimators import convergence

STEPS = [10, 20, 30, 40]


def test_first_step_at_the_target() -> None:
    accuracy = [
        [0.1, 0.5, 0.4, 0.6],
        [0.1, 0.2, 0.3, 0.4],
        [0.6, np.nan, np.nan, np.nan],
        [0.2, np.nan, np.nan, np.nan],
    ]
    found = convergence.steps_to_target(STEPS, accuracy, 0.5)
    np.testing.assert_array_equal(found.steps, [20, 40, 10, 40])
    np.testing.assert_array_equal(found.reached, [True, False, True, False])


def test_reaching_at_the_last_step_is_not_censored() -> None:
    assert convergence.steps_to_target(STEPS, [0.1, 0.1, 0.1, 0.5], 0.5).reached


def test_restricted_mean_is_the_area_under_kaplan_meier() -> None:
    from statsmodels.duration.survfunc import SurvfuncRight

    rng = np.random.default_rng(0)
    accuracy = np.sort(rng.random((12, 3, 4)), axis=-1)
    found = convergence.steps_to_target(STEPS, accuracy, 0.7)
    assert 0 < (~found.reached).sum() < found.reached.size
    survival = SurvfuncRight(found.steps.ravel(), found.reached.ravel().astype(int))
    times = np.concatenate([[0.0], survival.surv_times, [40.0]])
    heights = np.concatenate([[1.0], survival.surv_prob])
    area = sum(h * (b - a) for h, a, b in zip(heights, times[:-1], times[1:], strict=True))
    assert found.steps.mean() == pytest.approx(area)


def test_difference_and_sign_test() -> None:
    rng = np.random.default_rng(1)
    slow = np.array([[30, 40, 30], [40, 40, 30], [20, 30, 30], [40, 30, 20]], dtype=float)
    fast = np.array([[20, 20, 10], [30, 10, 20], [20, 20, 20], [40, 30, 20]], dtype=float)
    reached = rng.random(slow.shape) < 2
    found = convergence.speed_difference(
        convergence.Arrival(fast, reached, 40.0, 10.0), convergence.Arrival(slow, slow < 40, 40.0, 10.0)
    )
    assert found.difference.estimate == pytest.approx((slow - fast).mean())
    assert found.difference.low < found.difference.estimate < found.difference.high
    assert found.sign_p == pytest.approx(stats.binomtest(3, 3).pvalue)  # the fourth point ties
    assert found.num_censored == (0, int((slow == 40).sum()))


def test_nobody_arrives() -> None:
    never = convergence.steps_to_target(STEPS, np.zeros((3, 2, 4)), 0.5)
    found = convergence.speed_difference(never, never)
    assert math.isnan(found.difference.estimate)
    assert "no cell reached" in found.reason


def test_all_of_one_and_none_of_the_other_is_a_clear_difference() -> None:
    at_once = convergence.steps_to_target(STEPS, np.ones((6, 3, 4)), 0.5)
    never = convergence.steps_to_target(STEPS, np.zeros((6, 3, 4)), 0.5)
    found = convergence.speed_difference(at_once, never).difference
    assert found.estimate == 30
    assert found.low == pytest.approx(30 - stats.t.ppf(0.975, found.df) * math.sqrt(100 / 6 / 18))
    assert found.p_value < 0.01
    level = convergence.speed_difference(at_once, at_once).difference
    assert level.low < 0 < level.high


def test_different_horizons_are_refused() -> None:
    one = convergence.steps_to_target([20, 40], np.ones((3, 2, 2)), 0.5)
    two = convergence.steps_to_target([10, 40], np.ones((3, 2, 2)), 0.5)
    with pytest.raises(ValueError, match="evaluation intervals"):
        convergence.speed_difference(one, two)
    one = convergence.steps_to_target([10, 20], np.ones((3, 2, 2)), 0.5)
    two = convergence.steps_to_target([10, 20, 30], np.ones((3, 2, 3)), 0.5)
    with pytest.raises(ValueError, match="horizons"):
        convergence.speed_difference(one, two)


def test_area_of_straight_and_uneven_curves() -> None:
    assert convergence.area_under_curve([0, 100], [0.0, 1.0]) == pytest.approx(0.5)
    uneven = convergence.area_under_curve([0, 10, 100], [[0.0, 1.0, 1.0], [0.3, 0.3, 0.3]])
    np.testing.assert_allclose(uneven, [0.95, 0.3])
    assert np.isnan(convergence.area_under_curve([5], [0.5]))
    assert np.isnan(convergence.area_under_curve([0, 1], [0.5, np.nan]))


@pytest.mark.parametrize("steps", [[10, 10, 20, 30], [10, 20, 30], []])
def test_bad_steps_are_refused(steps: list[int]) -> None:
    with pytest.raises(ValueError, match="steps must increase"):
        convergence.steps_to_target(steps, np.zeros((2, 4)), 0.5)
