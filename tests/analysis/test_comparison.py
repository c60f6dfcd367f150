"""Paired comparisons against closed forms, scipy, nested loops and simulated coverage."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ssc_tune.analysis.estimators import comparison, shapes
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.variance import components

Draw = Callable[[tuple[int, ...]], np.ndarray]


def scores(seed: int, *, scale: float = 1.0, shape: tuple[int, int] = (24, 3), noise: float = 0.3) -> np.ndarray:
    """Point effects of a standard deviation, with noise."""
    rng = np.random.default_rng(seed)
    return 5 + scale * rng.normal(size=(shape[0], 1)) + noise * rng.normal(size=shape)


def test_stability_is_the_log_ratio_of_corrected_deviations() -> None:
    a, b = scores(0), scores(1, scale=2)
    found = comparison.stability(a, b)
    va, vb = components(a).var_point, components(b).var_point
    assert found.estimate == pytest.approx(math.log(math.sqrt(vb) / math.sqrt(va)))
    assert found.estimate > 0
    assert found.estimate > 0


@pytest.mark.parametrize("measure", ["ratio", "difference"])
def test_the_interval_of_a_spread_by_deleting_points_and_seeds(measure: str) -> None:
    a, b = scores(2, shape=(24, 4)), scores(3, scale=1.5, shape=(24, 4))
    compare = {"ratio": comparison.stability, "difference": comparison.std_difference}[measure]
    variances = []
    for axis, count in ((0, 24), (1, 4)):
        left_out = []
        for i in range(count):
            va, vb = (components(np.delete(y, i, axis=axis)).var_point for y in (a, b))
            left_out.append(math.log(math.sqrt(vb / va)) if measure == "ratio" else math.sqrt(vb) - math.sqrt(va))
        variances.append((count - 1) / count * sum((value - np.mean(left_out)) ** 2 for value in left_out))
    found = compare(a, b, confidence=0.9)
    points, seeds = variances
    df = (points + 2 * seeds) ** 2 / (points**2 / 23 + (2 * seeds) ** 2 / 3)
    half = stats.t.ppf(0.95, df) * math.sqrt(points + seeds)
    assert (found.low, found.high, found.df) == pytest.approx((found.estimate - half, found.estimate + half, df))


def test_a_difference_that_rests_on_one_seed_is_not_called_one() -> None:
    # Without seed 0 the methods spread alike; over points alone the ratio would be clear.
    point = np.random.default_rng(4).normal(size=(32, 1))
    a = point * np.array([1.0, 1.0, 1.0]) + 0.05 * np.random.default_rng(5).normal(size=(32, 3))
    b = point * np.array([2.5, 1.0, 1.0]) + 0.05 * np.random.default_rng(6).normal(size=(32, 3))
    found = comparison.stability(a, b)
    assert comparison.brown_forsythe(a, b)[0] < 1e-6
    assert found.estimate > 0.3
    assert found.low < 0 < found.high
    assert found.p_value > 0.05
    without = comparison.without_one_seed(a, b)
    assert without[0] == pytest.approx(0, abs=0.05)
    assert (without[1:] > 0.4).all()


def test_the_deciding_point_is_the_one_that_collapsed() -> None:
    a, b = scores(0, noise=0.05), scores(1, noise=0.05)
    b[7] -= 20
    index, without, weight = comparison.deciding_point(a, b)
    assert index == 7
    assert weight > 0.9
    assert without == pytest.approx(comparison.stability(np.delete(a, 7, 0), np.delete(b, 7, 0)).estimate)


def test_stability_without_noise_is_the_ratio_put_in() -> None:
    point = np.random.default_rng(4).normal(size=(20, 1))
    seed_effects = np.array([0.0, 3.0, -1.0])  # shared by all points: no part of the spread over points
    found = comparison.stability(point + seed_effects, 4 * point + seed_effects)
    assert found.estimate == pytest.approx(math.log(4))
    assert found.reason  # the ratio is the same whatever point is left out
    assert math.isnan(found.low)


def test_exchanging_the_methods_turns_the_sign() -> None:
    a, b = scores(5), scores(6, scale=1.4)
    one, other = comparison.stability(a, b), comparison.stability(b, a)
    assert (one.estimate, one.low, one.high) == pytest.approx((-other.estimate, -other.high, -other.low))
    assert one.p_value == pytest.approx(other.p_value)


def test_brown_forsythe_is_a_paired_t_test_of_absolute_deviations() -> None:
    a, b = scores(7), scores(8, scale=1.6)
    means = a.mean(axis=1), b.mean(axis=1)
    deviations = [np.abs(m - np.median(m)) for m in means]
    expected = stats.ttest_rel(deviations[1], deviations[0])
    assert comparison.brown_forsythe(a, b) == pytest.approx((expected.pvalue, expected.statistic))


def test_p_is_the_larger_of_the_intervals_own_and_brown_forsythes() -> None:
    a, b = scores(7), scores(8, scale=1.6)
    found = comparison.stability(a, b)
    own = 2 * stats.t.sf(found.estimate / found.se, found.df)
    assert found.p_value == pytest.approx(max(own, comparison.brown_forsythe(a, b)[0]))


LEVEL = st.sampled_from([0.0, 0.1, 0.1 + 0.2, 1 / 3, 0.7, 0.9, 1.0])


@given(LEVEL, LEVEL, st.integers(3, 40), st.integers(2, 8))
def test_rounding_is_no_spread(one: float, other: float, num_points: int, num_seeds: int) -> None:
    shape = (num_points, num_seeds)
    for a, b in (
        (np.full(shape, one), np.full(shape, other)),
        (np.full(shape, one) + np.zeros(shape), scores(1, shape=shape)),
    ):
        for compare in (comparison.stability, comparison.std_difference):
            found = compare(a, b)
            assert math.isnan(found.estimate)
            assert "seed noise" in found.reason
        for spread in ("iqr", "range"):
            assert shapes.shape_ratio(a, b, spread, rng=np.random.default_rng(0)).reason


@pytest.mark.parametrize(
    ("a", "reason"),
    [
        (np.arange(5.0)[:, None], "one seed"),
        (np.array([[1.0, 2.0], [3.0, 5.0]]), "fewer than 3 points"),
        (np.array([[1.0, -1.0], [-1.0, 1.0], [0.0, 0.1], [0.0, 0.1]]), "within the seed noise"),
    ],
)
def test_stability_is_undefined_with_a_reason(a: np.ndarray, reason: str) -> None:
    for found in (comparison.stability(a, a), comparison.std_difference(a, a)):
        assert reason in found.reason
        assert np.isnan([found.estimate, found.low, found.high, found.p_value]).all()
    assert reason in shapes.shape_ratio(a, a, "iqr", rng=np.random.default_rng(0)).reason


def test_unpaired_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        comparison.stability(np.ones((4, 3)), np.ones((5, 3)))
    with pytest.raises(ValueError, match="confidence"):
        comparison.stability(np.ones((4, 3)), np.ones((4, 3)), confidence=95)


def test_mean_difference_is_second_minus_first_with_the_two_way_variance() -> None:
    rng = np.random.default_rng(11)
    a = rng.normal(size=(30, 4))
    b = a + 0.4 + 0.3 * rng.normal(size=(30, 1)) + 0.3 * rng.normal(size=(1, 4)) + 0.1 * rng.normal(size=(30, 4))
    c = components(b - a)
    found = comparison.mean_difference(a, b)
    assert found.estimate == pytest.approx((b - a).mean())
    variance = (c.ms_point + c.ms_seed - c.ms_error) / 120
    assert found.se == pytest.approx(math.sqrt(variance))
    assert found.p_value == pytest.approx(2 * stats.t.sf(found.estimate / found.se, found.df))
    assert "seed" in comparison.mean_difference(a[:, :1], b[:, :1]).reason


def test_two_seeds_give_an_estimate_and_no_interval() -> None:
    a, b = scores(0, shape=(24, 2)), scores(1, scale=2, shape=(24, 2))
    for found in (
        comparison.stability(a, b),
        comparison.std_difference(a, b),
        shapes.shape_ratio(a, b, "iqr", rng=np.random.default_rng(0)),
    ):
        assert found.estimate > 0
        assert math.isnan(found.low)
        assert "2 seeds" in found.reason


def test_probability_better_counts_ties_half() -> None:
    a, b = np.ones((4, 2)), np.array([[2.0, 2.0], [2.0, 1.0], [1.0, 1.0], [0.0, 2.0]])
    found = comparison.probability_better(a, b)
    assert found.estimate == pytest.approx((4 + 0.5 * 3) / 8)
    assert found.low < found.estimate < found.high


@pytest.mark.parametrize("spread", ["iqr", "range"])
def test_shape_ratio_finds_the_scale_and_its_interval_matches_its_p(spread: shapes.Spread) -> None:
    # Seeds that all say the same add nothing, so that interval and p are those of one test.
    a, b = (np.repeat(scores(s, scale=k, noise=0.01, shape=(40, 1)), 3, axis=1) for s, k in ((12, 1.0), (13, 1.7)))
    reach = stats.iqr if spread == "iqr" else np.ptp
    for confidence in (0.5, 0.95, 0.999):
        found = shapes.shape_ratio(a, b, spread, rng=np.random.default_rng(0), confidence=confidence)
        assert found.estimate == pytest.approx(math.log(reach(b.mean(axis=1)) / reach(a.mean(axis=1))), abs=0.01)
        assert found.low < found.estimate < found.high
        assert (found.p_value < 1 - confidence) == (not found.low <= 0 <= found.high)


# Coverage and error rates by simulation with known truth.

SKEWED = stats.beta(8, 2)  # accuracy-like: a long tail of bad points


def law(name: str, rng: np.random.Generator) -> Draw:
    """Draws of mean 0 and variance 1."""
    if name == "normal":
        return lambda shape: rng.standard_normal(shape)
    if name == "exponential":
        return lambda shape: 1 - rng.exponential(size=shape)
    return lambda shape: (rng.beta(8, 2, size=shape) - SKEWED.mean()) / SKEWED.std()


def simulate(
    name: str, num_points: int, num_seeds: int, ratio: float, repeats: int, *, noise: float = 0.5
) -> list[tuple[Interval, Interval]]:
    """Stability and mean difference of repeated studies: sd of b is ``ratio`` times that of a, means are equal."""
    rng = np.random.default_rng([num_points, num_seeds, repeats])
    draw = law(name, rng)
    found = []
    for _ in range(repeats):
        common, own_a, own_b = draw((num_points, 1)), draw((num_points, 1)), draw((num_points, 1))
        seeds = 0.3 * rng.standard_normal((2, 1, num_seeds))
        errors = noise * rng.standard_normal((2, num_points, num_seeds))
        a = math.sqrt(0.5) * (common + own_a) + seeds[0] + errors[0]
        b = ratio * math.sqrt(0.5) * (common + own_b) + seeds[1] + errors[1]
        found.append((comparison.stability(a, b), comparison.mean_difference(a, b)))
    return found


def coverage(results: list[Interval], truth: float) -> float:
    """Share of intervals that hold the truth; undefined ones are left out."""
    known = [r for r in results if not r.reason]
    return sum(r.low <= truth <= r.high for r in known) / len(known)


def false_support(results: list[Interval]) -> float:
    """Share that would be called more stable, by interval and test, on either side."""
    return sum(not r.reason and r.p_value < 0.05 and not r.low <= 0 <= r.high for r in results) / len(results)


@pytest.mark.parametrize("name", ["normal", "beta"])
def test_coverage_roughly(name: str) -> None:
    found = simulate(name, 32, 3, 0.5, 300)
    assert 0.90 <= coverage([s for s, _ in found], math.log(0.5)) <= 0.99
    assert 0.90 <= coverage([m for _, m in found], 0.0) <= 0.99
    assert false_support([s for s, _ in simulate(name, 32, 3, 1.0, 300)]) <= 0.09


@pytest.mark.slow
@pytest.mark.parametrize("name", ["normal", "beta", "exponential"])
@pytest.mark.parametrize(("num_points", "num_seeds"), [(16, 3), (32, 3), (64, 5), (128, 5)])
def test_coverage_and_false_support(name: str, num_points: int, num_seeds: int) -> None:
    repeats = 1000
    slack = 3 * math.sqrt(0.05 * 0.95 / repeats)  # three standard errors of a simulated 5%
    unequal = simulate(name, num_points, num_seeds, 0.5, repeats)
    lowest = 0.92 if name == "exponential" else 0.93
    assert coverage([s for s, _ in unequal], math.log(0.5)) >= lowest - slack
    assert coverage([m for _, m in unequal], 0.0) >= 0.94 - slack
    equal = simulate(name, num_points, num_seeds, 1.0, repeats)
    assert coverage([s for s, _ in equal], 0.0) >= lowest - slack
    assert false_support([s for s, _ in equal]) <= 0.05 + slack
