"""Intervals against scipy, statsmodels, closed forms and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from ssc_tune.analysis.estimators import intervals
from ssc_tune.analysis.estimators.variance import components


def grand_mean(*y: np.ndarray) -> np.ndarray:
    """Mean of the first array minus that of the second, if any."""
    return y[0].mean(axis=(-2, -1)) - (y[1].mean(axis=(-2, -1)) if len(y) > 1 else 0)


def test_wilson_reference() -> None:
    found = intervals.wilson(7, 32)
    assert (found.low, found.high) == pytest.approx((0.1102, 0.3875), abs=5e-5)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_wilson_agrees_with_statsmodels(counts: tuple[int, int], confidence: float) -> None:
    found = intervals.wilson(*counts, confidence)
    expected = proportion_confint(*counts, alpha=1 - confidence, method="wilson")
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


def test_wilson_of_nothing_and_of_too_much() -> None:
    assert math.isnan(intervals.wilson(0, 0).estimate)
    assert intervals.wilson(0, 0).reason
    with pytest.raises(ValueError, match="successes"):
        intervals.wilson(3, 2)


def test_mean_interval_is_scipys() -> None:
    values = np.random.default_rng(0).normal(size=9)
    found, expected = intervals.mean_interval(values), stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_jackknife_of_a_mean_is_the_t_interval() -> None:
    values = np.random.default_rng(1).normal(size=11)
    left_out = np.array([np.delete(values, i).mean() for i in range(11)])
    found, expected = intervals.jackknife(values.mean(), left_out), intervals.mean_interval(values)
    assert found[:5] == pytest.approx(expected[:5])


def test_two_way_mean_by_its_formula() -> None:
    y = np.random.default_rng(2).normal(size=(12, 4)) + np.arange(4) + np.arange(12)[:, None]
    c = components(y)
    total = c.ms_point + c.ms_seed - c.ms_error
    assert total > max(c.ms_point, c.ms_seed)
    found = intervals.two_way_mean(y, 0.9)
    weighted = c.ms_point + 2 * c.ms_seed - c.ms_error
    df = weighted**2 / (c.ms_point**2 / 11 + (2 * c.ms_seed) ** 2 / 3)
    half = stats.t.ppf(0.95, df) * math.sqrt(total / 48)
    assert (found.low, found.high, found.df) == pytest.approx((y.mean() - half, y.mean() + half, df))


def test_two_way_mean_without_seed_effects_falls_back_on_points() -> None:
    y = np.add.outer(np.array([0.0, 1.0, 3.0, 4.0]), np.zeros(3)) + 0.1 * np.array([1, -1, 0])
    y = y - y.mean(axis=0)  # seeds alike: MS_seed is 0 and so is MS_error
    found = intervals.two_way_mean(y)
    expected = intervals.mean_interval(y.mean(axis=1))
    assert (found.low, found.high, found.df) == pytest.approx((expected.low, expected.high, 3))


@pytest.mark.parametrize(("shape", "reason"), [((1, 3), "points"), ((3, 1), "seed")])
def test_two_way_mean_needs_points_and_seeds(shape: tuple[int, int], reason: str) -> None:
    found = intervals.two_way_mean(np.arange(3.0).reshape(shape))
    assert found.estimate == 1
    assert math.isnan(found.low)
    assert reason in found.reason


def test_what_does_not_vary_has_no_interval() -> None:
    assert "vary" in intervals.two_way_mean(np.ones((4, 3))).reason
    assert "vary" in intervals.mean_interval([1.0, 1.0]).reason
    assert "vary" in intervals.crossed_jackknife(grand_mean, np.full((5, 3), 0.1 + 0.2)).reason


def test_a_resolution_is_a_variance_that_is_not_seen() -> None:
    found = intervals.two_way_mean(np.full((8, 4), 3.0), rounding=0.5)
    assert found.se == pytest.approx(math.sqrt(0.5 / 32))
    y = np.random.default_rng(2).normal(size=(8, 4))
    assert intervals.two_way_mean(y, rounding=1e-9) == intervals.two_way_mean(y)


def test_a_source_of_variation_that_is_undefined_is_not_left_out() -> None:
    def defined_with_three_seeds(y: np.ndarray) -> np.ndarray:
        return np.asarray(y.mean(axis=(-2, -1)) if y.shape[-1] > 2 else np.nan)

    found = intervals.crossed_jackknife(defined_with_three_seeds, np.random.default_rng(0).normal(size=(9, 3)))
    assert math.isfinite(found.estimate)
    assert math.isnan(found.low)
    assert found.reason == "undefined when one seed is left out, for 3 of 3"


def test_crossed_jackknife_of_a_mean_adds_the_two_variances() -> None:
    y = np.random.default_rng(3).normal(size=(10, 4))
    c = components(y)
    found = intervals.crossed_jackknife(grand_mean, y)
    assert found.se**2 == pytest.approx((c.ms_point + c.ms_seed) / 40)
    seeds = 2 * c.ms_seed
    assert found.df == pytest.approx((c.ms_point + seeds) ** 2 / (c.ms_point**2 / 9 + seeds**2 / 3))


def test_a_vectorized_statistic_gives_the_same_jackknife(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "CHUNK", 100)
    a, b = np.random.default_rng(3).normal(size=(2, 17, 4))

    def gap(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.asarray(np.sort(x.mean(axis=-1), axis=-1)[..., :3].mean(axis=-1) - y.mean(axis=(-2, -1)))

    slow, fast = (intervals.crossed_jackknife(gap, a, b, vectorized=v) for v in (False, True))
    assert fast[:5] == pytest.approx(slow[:5], rel=1e-12)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_outside_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        intervals.two_way_mean(np.eye(3), confidence)
