"""Paired comparisons against closed forms, scipy, nested loops and simulated coverage."""

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy import stats

from ssc_tune.analysis import comparison
from ssc_tune.analysis.comparison import Result
from ssc_tune.analysis.variance import components

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
    assert found.statistic > 0


def test_stability_interval_by_deleting_rows() -> None:
    a, b = scores(2), scores(3, scale=1.5)
    left_out = []
    for i in range(24):
        fewer = [components(np.delete(y, i, axis=0)).var_point for y in (a, b)]
        left_out.append(0.5 * math.log(fewer[1] / fewer[0]))
    se = math.sqrt(23 / 24 * sum((value - np.mean(left_out)) ** 2 for value in left_out))
    found = comparison.stability(a, b, confidence=0.9)
    half = stats.t.ppf(0.95, 23) * se
    assert (found.low, found.high) == pytest.approx((found.estimate - half, found.estimate + half))


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


def test_sign_flip_p_is_that_of_every_flip() -> None:
    a, b = scores(9, shape=(9, 2)), scores(10, shape=(9, 2), scale=2)
    means = a.mean(axis=1), b.mean(axis=1)
    z = np.abs(means[1] - np.median(means[1])) - np.abs(means[0] - np.median(means[0]))
    sums = [abs(np.dot(signs, z)) for signs in product([1, -1], repeat=9)]
    exact = np.mean([s >= abs(z.sum()) - 1e-12 for s in sums])
    p_value, _ = comparison.brown_forsythe(
        a, b, test="permutation", rng=np.random.default_rng(0), num_permutations=40_000
    )
    assert p_value == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 40_000) + 1e-4)
    with pytest.raises(ValueError, match="rng"):
        comparison.brown_forsythe(a, b, test="permutation")


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
    assert reason in comparison.shape_ratio(a, a, "iqr", rng=np.random.default_rng(0)).reason


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


def test_probability_better_counts_ties_half() -> None:
    a, b = np.array([[1.0], [1.0], [1.0], [1.0]]), np.array([[2.0], [2.0], [1.0], [0.0]])
    found = comparison.probability_better(a, b)
    assert found.estimate == pytest.approx(2.5 / 4)
    assert found.low < 2.5 / 4 < found.high


@pytest.mark.parametrize("spread", ["iqr", "range"])
def test_shape_ratio_finds_the_scale_and_its_interval_matches_its_p(spread: comparison.Spread) -> None:
    a = scores(12, noise=0.01, shape=(40, 3))
    b = scores(13, scale=1.7, noise=0.01, shape=(40, 3))
    reach = stats.iqr if spread == "iqr" else np.ptp
    for confidence in (0.5, 0.95, 0.999):
        found = comparison.shape_ratio(a, b, spread, rng=np.random.default_rng(0), confidence=confidence)
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
) -> list[tuple[Result, Result]]:
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


def coverage(results: list[Result], truth: float) -> float:
    """Share of intervals that hold the truth; undefined ones are left out."""
    known = [r for r in results if not r.reason]
    return sum(r.low <= truth <= r.high for r in known) / len(known)


def false_support(results: list[Result]) -> float:
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
    repeats = 4000
    slack = 3 * math.sqrt(0.05 * 0.95 / repeats)  # three standard errors of a simulated 5%
    unequal = simulate(name, num_points, num_seeds, 0.5, repeats)
    lowest = 0.91 if name == "exponential" else 0.92
    assert lowest - slack <= coverage([s for s, _ in unequal], math.log(0.5)) <= 0.98
    assert 0.92 - slack <= coverage([m for _, m in unequal], 0.0) <= 0.98
    equal = simulate(name, num_points, num_seeds, 1.0, repeats)
    assert coverage([s for s, _ in equal], 0.0) >= lowest - slack
    assert false_support([s for s, _ in equal]) <= 0.065
