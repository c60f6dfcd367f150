"""The random-effects mean against statsmodels, a published example, nested loops and simulated coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from ssc_tune.analysis.estimators.pooling import Pooling, paule_mandel, pool

# Log relative risks of the 13 BCG trials and their variances: Colditz et al., JAMA 271 (1994).
BCG = np.array(
    [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209, 0.0120, -0.4694, -1.3713, -0.3394, 0.4459, -0.0173]
)
BCG_VARIANCES = np.array(
    [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714]
)

effects_and_errors = st.integers(3, 12).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-3, 3), min_size=k, max_size=k), st.lists(st.floats(0.05, 2), min_size=k, max_size=k)
    )
)


def test_a_published_example() -> None:
    # metafor 4: rma(yi, vi, data = dat.bcg, method = "PM"): tau^2 0.3181, mean -0.7150; Q(12) = 152.23.
    found = pool(BCG, np.sqrt(BCG_VARIANCES))
    assert found.tau**2 == pytest.approx(0.3181, abs=2e-4)
    assert found.mean.estimate == pytest.approx(-0.7150, abs=2e-4)
    assert found.q == pytest.approx(152.23, abs=0.5)
    assert found.q_p < 1e-20


@settings(deadline=None)
@given(effects_and_errors)
def test_statsmodels_agrees(given_effects: tuple[list[float], list[float]]) -> None:
    y, errors = (np.array(x) for x in given_effects)
    found = pool(y, errors)
    other = combine_effects(y, errors**2, method_re="iterated")
    assert found.tau**2 == pytest.approx(other.tau2, abs=1e-4)
    assert found.q == pytest.approx(other.q, abs=1e-9)
    if found.q > 1e-9:  # otherwise it divides by 0
        assert found.i2 == pytest.approx(max(0, other.i2), abs=1e-9)
    assert found.mean.estimate == pytest.approx(other.mean_effect_re, abs=1e-3)
    guarded = math.sqrt(max(1.0, other.scale_hksj_re)) * other.sd_eff_w_re
    assert found.mean.se == pytest.approx(guarded, rel=1e-2)
    assert found.mean.df == len(y) - 1


def numbers(found: Pooling) -> list[float]:
    """Of the mean, of one more setting, and of what settings differ by."""
    return [*found.mean[:6], *found.prediction[:5], found.tau, found.i2, found.q, found.q_p]


def by_loops(y: np.ndarray, errors: np.ndarray, confidence: float) -> dict[str, float]:
    """The same, tau^2 by bisection."""

    def parts(tau2: float) -> tuple[float, float, float]:
        total = weighted = spread = 0.0
        for value, error in zip(y, errors, strict=True):
            total += 1 / (error**2 + tau2)
            weighted += value / (error**2 + tau2)
        mean = weighted / total
        for value, error in zip(y, errors, strict=True):
            spread += (value - mean) ** 2 / (error**2 + tau2)
        return mean, total, spread

    k, low, high = len(y), 0.0, 100.0
    if parts(0.0)[2] > k - 1:
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if parts(middle)[2] > k - 1 else (low, middle)
    mean, total, spread = parts(low)
    se = math.sqrt(max(1.0, spread / (k - 1)) / total)
    half, reach = stats.t.ppf(0.5 + confidence / 2, [k - 1, k - 2])
    further = reach * math.sqrt(low + se**2)
    return {
        "mean.estimate": mean,
        "mean.low": mean - half * se,
        "mean.high": mean + half * se,
        "mean.se": se,
        "mean.p_value": 2 * stats.t.sf(abs(mean) / se, k - 1),
        "prediction.low": mean - further,
        "prediction.high": mean + further,
    }


@settings(deadline=None)
@given(effects_and_errors, st.floats(0.6, 0.99))
def test_every_number_by_loops(given_effects: tuple[list[float], list[float]], confidence: float) -> None:
    y, errors = (np.array(x) for x in given_effects)
    found = pool(y, errors, confidence=confidence)
    for name, value in by_loops(y, errors, confidence).items():
        part, _, field = name.partition(".")
        assert getattr(getattr(found, part), field) == pytest.approx(value, rel=1e-6, abs=1e-7), name


@settings(deadline=None)
@given(effects_and_errors, st.floats(-2, 2), st.floats(0.1, 10))
def test_shift_scale_and_sign(given_effects: tuple[list[float], list[float]], shift: float, scale: float) -> None:
    y, errors = (np.array(x) for x in given_effects)
    found = pool(y, errors)
    moved = pool(shift + scale * y, scale * errors, null=shift)
    assert moved.mean.estimate == pytest.approx(shift + scale * found.mean.estimate, abs=1e-8)
    assert moved.mean.low == pytest.approx(shift + scale * found.mean.low, abs=1e-7)
    assert moved.prediction.high == pytest.approx(shift + scale * found.prediction.high, abs=1e-6)
    assert moved.tau == pytest.approx(scale * found.tau, abs=1e-6)
    assert moved.mean.p_value == pytest.approx(found.mean.p_value, abs=1e-7)
    turned = pool(-y, errors)
    assert turned.mean[:6] == pytest.approx(found.exchanged().mean[:6])
    assert turned.prediction[:5] == pytest.approx(found.exchanged().prediction[:5])
    order = np.random.default_rng(0).permutation(len(y))
    other = pool(y[order], errors[order])
    assert numbers(other) == pytest.approx(numbers(found), abs=1e-9)


def test_settings_that_agree_by_luck_have_no_narrow_interval() -> None:
    found = pool([0.5, 0.5, 0.5], [0.3, 0.3, 0.3])
    assert found.tau == 0
    assert found.i2 == 0
    assert found.mean.se == pytest.approx(0.3 / math.sqrt(3))
    assert paule_mandel(np.full(3, 0.5), np.full(3, 0.09)) == 0


def test_tau_of_tiny_effects_is_not_lost() -> None:
    y = np.array([1e-4, -2e-4, 3e-4, 0.0])
    found = pool(y, np.full(4, 1e-5))
    # Equal errors: the sample variance less that of an error.
    assert found.tau**2 == pytest.approx(y.var(ddof=1) - 1e-10)


def test_shared_points_widen_by_what_they_share() -> None:
    # Three settings that are one and the same table of 12 values: pooling must gain nothing.
    values = np.random.default_rng(0).normal(1, 1, size=12)
    se = values.std(ddof=1) / math.sqrt(12)
    left_out = np.array([[np.delete(values, i).mean()] * 6 for i in range(12)])
    alone, shared = (pool([values.mean()] * 6, [se] * 6, left_out=x) for x in ((), [left_out]))
    assert alone.mean.se == pytest.approx(se / math.sqrt(6))
    assert shared.mean.se == pytest.approx(se)
    assert shared.mean.df == 11
    assert shared.by_shared_draws
    assert shared.mean.p_value == pytest.approx(2 * stats.t.sf(values.mean() / se, 11))
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (shared.mean.low, shared.mean.high) == pytest.approx((expected.low, expected.high))


def test_what_is_left_out_never_narrows() -> None:
    y, errors = [0.1, 0.5, 0.9], [0.2, 0.2, 0.2]
    still = np.tile(y, (8, 1))
    assert numbers(pool(y, errors, left_out=[still])) == numbers(pool(y, errors))
    zero = pool([0.5] * 3, errors, left_out=[np.full((8, 3), 0.5)])
    assert zero.mean.se == pytest.approx(0.2 / math.sqrt(3))


def test_too_few_settings_and_undefined_errors_are_refused() -> None:
    with pytest.raises(ValueError, match="3 settings or more, not 2"):
        pool([1, 2], [1, 1])
    for errors in ([1, 1, 0], [1, 1, math.nan]):
        with pytest.raises(ValueError, match="positive"):
            pool([1, 2, 3], errors)
