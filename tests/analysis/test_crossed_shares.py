"""Intervals of shares against scipy's binomial test, closed forms, nested loops and simulated coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ssc_tune.analysis.estimators import intervals
from ssc_tune.analysis.estimators.crossed_shares import (
    SMALLEST_P,
    TAIL,
    clopper_pearson,
    crossed_share,
    crossed_share_difference,
    inverted_p,
    unseen_share,
)
from ssc_tune.analysis.estimators.variance import components


def table(seed: int, shape: tuple[int, int] = (24, 4), cut: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """An indicator and the scores it was found from, with effects of points and seeds."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(shape[0], 1)) + 0.5 * rng.normal(size=(1, shape[1])) + 0.5 * rng.normal(size=shape)
    return scores < cut, scores


tables = st.builds(
    table,
    st.integers(0, 10_000),
    st.tuples(st.integers(3, 20), st.integers(2, 5)),
    st.sampled_from([-1.5, -0.5, 0.0, 1.0]),
)


@settings(deadline=None)
@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_clopper_pearson_is_scipys(counts: tuple[int, int], confidence: float) -> None:
    expected = stats.binomtest(*counts).proportion_ci(confidence, method="exact")
    assert clopper_pearson(*counts, confidence) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize(("num", "share"), [(16, 0.171), (32, 0.089), (64, 0.046)])
def test_what_may_still_be_unseen(num: int, share: float) -> None:
    found = unseen_share(num)
    assert found == pytest.approx(share, abs=5e-4)
    assert found == pytest.approx(stats.binomtest(0, num, alternative="less").proportion_ci(0.95).high)
    assert (1 - found) ** num == pytest.approx(0.05)


def test_nothing_seen_at_no_point_leaves_everything() -> None:
    assert unseen_share(0) == 1
    assert unseen_share(1, 0.9) == pytest.approx(0.9)


@pytest.mark.parametrize("value", [0, 1])
def test_alike_cells_count_their_points(value: int) -> None:
    found = crossed_share(np.full((32, 5), value))
    expected = stats.binomtest(32 * value, 32).proportion_ci(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_seed_effects_in_the_scores_lower_what_alike_cells_count() -> None:
    _, scores = table(1, (32, 5))
    c = components(scores)
    part = c.var_seed / (c.var_point + c.var_seed + c.var_error)
    assert part > 0.05
    num = 1 / (1 / 32 + TAIL * part / 5)
    found = crossed_share(np.zeros((32, 5)), scores=scores)
    assert (found.low, found.high) == (0, pytest.approx(1 - 0.025 ** (1 / num)))
    assert found.high > crossed_share(np.zeros((32, 5))).high


def test_tail_is_the_first_order_of_the_bivariate_normal() -> None:
    small, limit = 1e-4, stats.norm.ppf(0.1)
    both = stats.multivariate_normal(cov=[[1, small], [small, 1]]).cdf([limit, limit])
    assert (both - 0.01) / (0.1 * 0.9) / small == pytest.approx(TAIL, rel=0.01)


def test_a_share_by_its_formula() -> None:
    inside, _ = table(3)
    y = inside.astype(float)
    c = components(y)
    squares = c.ms_point + c.ms_seed - c.ms_error
    assert squares > max(c.ms_point, c.ms_seed)
    df = squares**2 / (c.ms_point**2 / 23 + c.ms_seed**2 / 3 + c.ms_error**2 / 69)
    p = y.mean()
    num = p * (1 - p) / (squares / y.size) * (stats.t.ppf(0.95, 95) / stats.t.ppf(0.95, df)) ** 2
    assert num < 24
    found = crossed_share(inside, 0.9)
    assert found.low == pytest.approx(stats.beta.ppf(0.05, p * num, num - p * num + 1))
    assert found.high == pytest.approx(stats.beta.ppf(0.95, p * num + 1, num - p * num))
    assert found.df == pytest.approx(df)
    assert found.se * stats.t.ppf(0.95, df) == pytest.approx(max(p - found.low, found.high - p))


def test_points_that_decide_by_themselves_are_a_binomial_of_the_points() -> None:
    # Variance p (1 - p) / (N - 1), so n* = (N - 1) times the correction from N R - 1 to N - 1 degrees of freedom.
    inside = np.repeat(np.arange(40) < 10, 4).reshape(40, 4)
    num = 39 * (stats.t.ppf(0.975, 159) / stats.t.ppf(0.975, 39)) ** 2
    found = crossed_share(inside)
    assert (found.low, found.high) == pytest.approx(clopper_pearson(num / 4, num))


@settings(deadline=None)
@given(tables, st.floats(0.6, 0.99))
def test_symmetries_of_a_share(given_table: tuple[np.ndarray, np.ndarray], confidence: float) -> None:
    inside, scores = given_table
    found = crossed_share(inside, confidence, scores=scores)
    outside = crossed_share(~inside, confidence, scores=scores)
    assert (1 - outside.high, 1 - outside.low) == pytest.approx((found.low, found.high), abs=1e-9)
    moved = crossed_share(inside[::-1, ::-1], confidence, scores=0.3 + 2 * scores[::-1, ::-1])
    assert moved[:3] == pytest.approx(found[:3], abs=1e-9)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    # No narrower than what its points would show if every seed told the same.
    p, num = found.estimate, len(inside)
    low, high = clopper_pearson(p * num, num, confidence)
    assert found.low <= low + 1e-9
    assert found.high >= high - 1e-9


@settings(deadline=None)
@given(tables, st.integers(0, 100))
def test_symmetries_of_a_difference(given_table: tuple[np.ndarray, np.ndarray], seed: int) -> None:
    first, scores = given_table
    other = scores + np.random.default_rng(seed).normal(size=scores.shape)
    second = other < 0
    found = crossed_share_difference(first, second, scores=(scores, other))
    turned = crossed_share_difference(second, first, scores=(other, scores))
    assert (turned.estimate, turned.low, turned.high) == pytest.approx((-found.estimate, -found.high, -found.low))
    assert found.estimate == pytest.approx(first.mean() - second.mean())
    assert -1 - 1e-9 <= found.low <= found.estimate <= found.high <= 1 + 1e-9


def test_a_difference_by_its_formula() -> None:
    (first, _), (second, _) = table(5), table(6, cut=0.5)
    alone = crossed_share(first & ~second), crossed_share(second & ~first)
    u, v = alone
    c = -math.sqrt(u.estimate * v.estimate / ((1 - u.estimate) * (1 - v.estimate)))
    below, above = u.estimate - u.low, v.high - v.estimate
    found = crossed_share_difference(first, second)
    assert found.low == pytest.approx(found.estimate - math.sqrt(below**2 + above**2 - 2 * c * below * above))


def test_methods_that_never_differ_have_a_difference_with_an_interval() -> None:
    inside, _ = table(1, (32, 5))
    found = crossed_share_difference(inside, inside)
    reach = stats.binomtest(0, 32).proportion_ci(0.95).high
    assert found.estimate == 0
    assert (found.low, found.high) == pytest.approx((-reach, reach))


def test_p_is_where_the_interval_touches_the_value() -> None:
    inside, scores = table(2)

    def at(confidence: float) -> intervals.Interval:
        return crossed_share(inside, confidence, scores=scores)

    for value in (0.05, 0.2, 0.8):
        p = inverted_p(at, value)
        found = at(1 - p)
        assert min(abs(found.low - value), abs(found.high - value)) < 1e-5
        assert (p < 0.05) == (not at(0.95).low <= value <= at(0.95).high)
    assert inverted_p(at, at(0.5).estimate) == 1
    assert inverted_p(at, -1.0) == SMALLEST_P
    assert math.isnan(inverted_p(lambda c: crossed_share(inside[:, :1], c), 0.5))


def test_p_of_alike_cells_is_the_binomial_tests() -> None:
    p = inverted_p(lambda c: crossed_share(np.zeros((32, 5)), c), 0.1)
    assert p == pytest.approx(2 * stats.binomtest(0, 32, 0.1, alternative="less").pvalue, rel=1e-4)


def test_one_point_or_one_seed_has_no_interval() -> None:
    for shape, why in (((8, 1), "one seed"), ((1, 4), "fewer than 2 points")):
        for found in (
            crossed_share(np.zeros(shape)),
            crossed_share_difference(np.ones(shape), np.zeros(shape)),
        ):
            assert why in found.reason
            assert math.isnan(found.low)
            assert found.estimate in (0, 1)


def test_what_is_no_indicator_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        crossed_share(np.full((4, 4), 1.5))
    with pytest.raises(ValueError, match="one shape"):
        crossed_share_difference(np.zeros((4, 4)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="scores have shape"):
        crossed_share(np.zeros((4, 4)), scores=np.zeros((4, 3)))
    with pytest.raises(ValueError, match="confidence"):
        crossed_share(np.zeros((4, 4)), 1.0)
