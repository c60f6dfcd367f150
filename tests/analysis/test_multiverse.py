"""Weights of boxes and priors, weighted measures and their intervals: by hand, by loops, by simulation."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import integrate, stats

from ssc_tune.analysis.estimators import comparison, intervals, multiverse, spread
from ssc_tune.analysis.estimators.multiverse import (
    Coordinates,
    Levels,
    Weighting,
    cvar_levels,
    mean_levels,
    variance_levels,
    weightings,
)
from ssc_tune.analysis.estimators.variance import point_variance

MEASURES = (mean_levels, variance_levels, cvar_levels)


def space(unit: np.ndarray, default: list[float], ordered: list[bool] | None = None) -> Coordinates:
    """Points of a unit cube."""
    names = tuple(f"p{k}" for k in range(unit.shape[1]))
    return Coordinates(names, unit, np.array(default), np.array(ordered or [True] * unit.shape[1]))


def by_name(found: tuple[Weighting, ...]) -> dict[tuple[float, str], Weighting]:
    """The weightings by box and prior."""
    return {(w.box, w.prior): w for w in found}


def table(num_points: int = 24, num_seeds: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores (N, R) and weights that sum to 1, some of them 0."""
    rng = np.random.default_rng(seed)
    y = 0.8 + 0.05 * rng.standard_normal((num_points, 1)) + 0.02 * rng.standard_normal((num_points, num_seeds))
    weights = rng.random(num_points) * (rng.random(num_points) < 0.8)
    return y, weights / weights.sum()


# Weights.


def test_weights_by_hand() -> None:
    unit = np.array([[0.05], [0.3], [0.5], [0.6], [0.85]])
    density = np.array([[1.0], [2.0], [4.0], [5.0], [8.0]])
    found = by_name(weightings(space(unit, [0.5]), density))
    assert len(found) == 12
    assert next(iter(found)) == (1.0, "own scale")
    assert found[1.0, "own scale"].weights == pytest.approx([0.2] * 5)
    assert found[1.0, "natural scale"].weights == pytest.approx(np.array([1, 2, 4, 5, 8]) / 20)
    assert found[1.0, "about the default"].weights == pytest.approx(np.array([0.1, 0.6, 1, 0.8, 0.3]) / 2.8)
    assert found[0.5, "own scale"].weights == pytest.approx(np.array([0, 1, 1, 1, 0]) / 3)  # 0.25 to 0.75
    assert found[0.5, "natural scale"].weights == pytest.approx(np.array([0, 2, 4, 5, 0]) / 11)
    assert found[0.5, "about the default"].weights == pytest.approx(np.array([0, 0.2, 1, 0.6, 0]) / 1.8)
    assert [found[box, "own scale"].num_points for box in (1.0, 0.75, 0.5, 0.35)] == [5, 4, 3, 2]


@pytest.mark.parametrize("default", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("box", [1.0, 0.5])
def test_the_prior_about_the_default_is_triangular_in_each_parameter(default: float, box: float) -> None:
    unit = np.random.default_rng(1).random((200, 2))
    found = by_name(weightings(space(unit, [default, 0.5]), np.ones((200, 2))))[box, "about the default"]
    low = (1 - box) * np.array([default, 0.5])
    density = stats.triang.pdf(unit, c=[default, 0.5], loc=low, scale=box).prod(axis=1)
    assert found.weights == pytest.approx(density / density.sum())


def test_priors_and_boxes_that_coincide_are_left_out() -> None:
    unit = np.random.default_rng(0).random((64, 2))
    linear = weightings(space(unit, [0.5, 0.5]), np.ones((64, 2)))
    assert {w.prior for w in linear} == {"own scale", "about the default"}
    assert len(linear) == 8
    near = weightings(space(0.5 + 0.1 * (unit - 0.5), [0.5, 0.5]), np.ones((64, 2)))
    assert [w.box for w in near if w.prior == "own scale"] == [1.0]
    unordered = weightings(space(unit, [0.5, 0.5], [False, False]), np.ones((64, 2)))
    assert [(w.box, w.prior) for w in unordered] == [(1.0, "own scale")]


def test_a_choice_and_a_parameter_without_coordinates_restrict_and_weigh_nothing() -> None:
    unit = np.random.default_rng(0).random((64, 3))
    unit[5, 2] = np.nan
    found = weightings(space(unit, [0.5, 0.9, 0.1], [True, False, True]), np.ones((64, 3)))
    alone = weightings(space(unit[:, :1], [0.5]), np.ones((64, 1)))
    for one, other in zip(found, alone, strict=True):
        assert one.weights == pytest.approx(other.weights)


def test_a_box_without_a_point_has_no_effective_point() -> None:
    found = by_name(weightings(space(np.array([[0.0], [1.0], [0.02]]), [0.5]), np.ones((3, 1))))
    empty = found[0.35, "own scale"]
    assert (empty.num_points, empty.effective_points) == (0, 0.0)
    assert not empty.weights.any()


def test_effective_points_are_kishs() -> None:
    assert Weighting(1.0, "own scale", np.full(20, 0.05), 20).effective_points == pytest.approx(20)
    w = np.array([1.0, 2.0, 3.0])
    assert Weighting(1.0, "own scale", w / w.sum(), 3).effective_points == pytest.approx(36 / 14)


# Weighted measures.


def test_with_equal_weights_the_measures_are_the_unweighted_ones() -> None:
    y, _ = table()
    equal = np.full(24, 1 / 24)
    unweighted: dict[Any, Callable[[np.ndarray], float]] = {
        mean_levels: lambda x: float(x.mean()),
        variance_levels: lambda x: float(point_variance(x)),
        cvar_levels: lambda x: spread.cvar(x.mean(axis=1)),
    }
    for measure, plain in unweighted.items():
        found = measure(equal, y)
        assert found.whole == pytest.approx(plain(y), rel=1e-12)
        assert found.points == pytest.approx([plain(np.delete(y, i, axis=0)) for i in range(24)], rel=1e-10)
        assert found.seeds == pytest.approx([plain(np.delete(y, j, axis=1)) for j in range(4)], rel=1e-10)


def test_leaving_out_is_a_weight_of_zero() -> None:
    y, weights = table()
    for measure in MEASURES:
        found = measure(weights, y)
        for i in range(len(y)):
            rest = np.where(np.arange(len(y)) == i, 0, weights)
            assert found.points[i] == pytest.approx(measure(rest / rest.sum(), y).whole, rel=1e-9)
        for j in range(y.shape[1]):
            assert found.seeds[j] == pytest.approx(measure(weights, np.delete(y, j, axis=1)).whole, rel=1e-9)


def test_whole_weights_are_repeated_points() -> None:
    y, _ = table()
    times = np.random.default_rng(3).integers(0, 5, size=24)
    repeated = np.repeat(y, times, axis=0)
    weights = times / times.sum()
    assert mean_levels(weights, y).whole == pytest.approx(repeated.mean())
    assert cvar_levels(weights, y).whole == pytest.approx(spread.cvar(repeated.mean(axis=1)))


def test_the_variance_is_the_sum_over_pairs_of_points_and_of_seeds() -> None:
    y, weights = table(num_points=7, num_seeds=3)
    upper = lower = 0.0
    for i, k in itertools.permutations(range(7), 2):
        products = [(y[i, r] - y[k, r]) * (y[i, s] - y[k, s]) / 2 for r, s in itertools.permutations(range(3), 2)]
        upper += weights[i] * weights[k] * np.mean(products)
        lower += weights[i] * weights[k]
    assert variance_levels(weights, y).whole == pytest.approx(upper / lower)


def test_without_a_second_seed_or_a_spread_there_is_no_variance() -> None:
    y, weights = table()
    assert math.isnan(variance_levels(weights, y[:, :1]).whole)
    assert np.isnan(variance_levels(weights, y[:, :2]).seeds).all()  # without one of two there is one
    assert math.isnan(variance_levels(weights, np.full((24, 4), 0.1)).whole)
    noise = np.random.default_rng(0).standard_normal((24, 4))
    assert math.isnan(variance_levels(weights, np.tile(noise[0], (24, 1)) + 1e-17 * noise).whole)


def draw(rng: np.random.Generator, num_points: int, num_seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of points uniform in (0, 1), and their density under the triangular prior about 0.2.

    The truth at u is ``0.9 - 0.3 u^2``; its slope differs by seed, and the noise by point.
    """
    u = rng.random(num_points)
    slope = 1 + 0.4 * rng.standard_normal(num_seeds)
    noise = 0.05 * (0.2 + u)[:, None] * rng.standard_normal((num_points, num_seeds))
    y = 0.9 - 0.3 * (u**2)[:, None] * slope + 0.02 * rng.standard_normal(num_seeds) + noise
    return y, stats.triang.pdf(u, c=0.2)


@functools.cache
def truth() -> float:
    """Variance of ``0.3 u^2`` under that prior, by quadrature."""
    first, second = (
        integrate.quad(lambda u, k=k: (0.3 * u**2) ** k * stats.triang.pdf(u, c=0.2), 0, 1, points=[0.2])[0]
        for k in (1, 2)
    )
    return second - first**2


def test_the_variance_is_unbiased_under_another_prior_whatever_the_noise() -> None:
    rng = np.random.default_rng(0)
    corrected, noisy = [], []
    for _ in range(2000):
        y, density = draw(rng, 64, 4)
        weights = density / density.sum()
        share = 1 - float((weights**2).sum())
        corrected.append((variance_levels(weights, y).whole, share * density.sum() ** 2))
        means = y.mean(axis=1)
        noisy.append(float(weights @ (means - weights @ means) ** 2) / share)
    found, shares = (np.array(x) for x in zip(*corrected, strict=True))
    found = np.nan_to_num(found)
    # The two U-statistics of the ratio: their means are in the ratio of the truth.
    error = np.std(found * shares - truth() * shares) / math.sqrt(len(found)) / shares.mean()
    assert (found * shares).mean() / shares.mean() == pytest.approx(truth(), abs=3 * error)
    assert error < 0.02 * truth()
    assert found.mean() == pytest.approx(truth(), rel=0.05)
    assert np.mean(noisy) > 1.08 * truth()  # with the seeds' part left in, it would have been seen


def test_the_variance_under_the_drawing_prior_would_be_another() -> None:
    flat = np.mean([point_variance(draw(np.random.default_rng(i), 64, 4)[0]) for i in range(500)])
    assert flat > 2 * truth()


def log_ratio(weights: np.ndarray, x: np.ndarray, y: np.ndarray) -> Levels:
    """ln(sd of x / sd of y)."""
    parts = [multiverse.mapped(variance_levels(weights, z), lambda v: 0.5 * np.log(v)) for z in (x, y)]
    return multiverse.difference(*parts)


def test_with_equal_weights_the_interval_is_the_crossed_jackknifes() -> None:
    (x, _), (y, _) = table(seed=1), table(seed=2)
    equal = np.full(24, 1 / 24)
    found = multiverse.interval(log_ratio(equal, x, y), equal)
    assert found.estimate == pytest.approx(comparison.stability(y, x).estimate)
    points = [log_ratio(np.full(23, 1 / 23), np.delete(x, i, 0), np.delete(y, i, 0)).whole for i in range(24)]
    seeds = [log_ratio(equal, np.delete(x, j, 1), np.delete(y, j, 1)).whole for j in range(4)]
    parts = [intervals.jackknife(found.estimate, np.array(values)) for values in (points, seeds)]
    assert found.se == pytest.approx(math.hypot(*(part.se for part in parts)))
    expected = intervals.from_left_out(found.estimate, np.array(points), np.array(seeds))
    assert found[:5] == pytest.approx(expected[:5])
    assert found.high - found.estimate == pytest.approx(stats.t.ppf(0.975, found.df) * found.se)


def test_points_outside_a_box_are_as_if_they_were_not_there() -> None:
    (x, _), (y, _) = table(seed=1), table(seed=2)
    inside = np.arange(24) < 10
    whole = multiverse.interval(log_ratio(inside / 10, x, y), inside / 10)
    part = multiverse.interval(log_ratio(np.full(10, 0.1), x[inside], y[inside]), np.full(10, 0.1))
    assert whole[:5] == pytest.approx(part[:5])


def test_intervals_that_there_are_not() -> None:
    y, weights = table()
    assert multiverse.interval(mean_levels(weights, y[:, :1]), weights).reason == "one seed: seed noise is unknown"
    two = np.where(np.arange(24) < 2, 0.5, 0.0)
    assert multiverse.interval(mean_levels(two, y), two).reason == "fewer than 3 points"
    assert multiverse.interval(mean_levels(weights, 0 * y), weights).reason == "the values do not vary"
    pair = variance_levels(weights, y[:, :2])
    assert multiverse.interval(pair, weights).reason == "undefined when a seed is left out"


def test_intervals_under_another_prior_cover_the_truth_there() -> None:
    rng = np.random.default_rng(5)
    mean = integrate.quad(lambda u: (0.9 - 0.3 * u**2) * stats.triang.pdf(u, c=0.2), 0, 1, points=[0.2])[0]
    inside = {"mean": 0, "sd": 0}
    repeats = 400
    for _ in range(repeats):
        y, density = draw(rng, 64, 5)
        weights = density / density.sum()
        found = multiverse.interval(mean_levels(weights, y), weights)
        inside["mean"] += found.low <= mean <= found.high
        logs = multiverse.mapped(variance_levels(weights, y), lambda v: 0.5 * np.log(v))
        found = multiverse.interval(logs, weights)
        inside["sd"] += found.low <= 0.5 * math.log(truth()) <= found.high
    for count in inside.values():
        assert 0.91 <= count / repeats <= 0.995


scores = npst.arrays(np.float64, (9, 3), elements=st.floats(0.125, 0.875, width=32))
some = npst.arrays(np.float64, 9, elements=st.floats(0.125, 1, width=32))


@given(scores, some, st.floats(-1, 1), st.floats(0.1, 10), st.permutations(range(9)), st.permutations(range(3)))
def test_shift_scale_and_labels(
    y: np.ndarray, w: np.ndarray, shift: float, scale: float, points: list[int], seeds: list[int]
) -> None:
    w = w / w.sum()
    for measure, moves, power in ((mean_levels, 1, 1), (variance_levels, 0, 2), (cvar_levels, 1, 1)):
        found = measure(w, y).whole
        other = measure(w[points], y[points][:, seeds] * scale + shift).whole
        if math.isnan(found) or found < 1e-9 < 1e-6 * scale**2:
            continue  # at the edge of what counts as a spread, rounding decides
        assert other == pytest.approx(found * scale**power + moves * shift, rel=1e-5, abs=1e-7)


@given(scores, scores, some)
def test_exchanging_the_methods_turns_the_sign(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> None:
    w = w / w.sum()
    one, other = (multiverse.interval(log_ratio(w, *pair), w) for pair in ((x, y), (y, x)))
    assert one.estimate == pytest.approx(-other.estimate, nan_ok=True)
    assert one.low == pytest.approx(-other.high, nan_ok=True)


def test_a_tail_has_the_degrees_of_freedom_of_its_points() -> None:
    rng = np.random.default_rng(12)
    weights = np.full(40, 1 / 40)
    levels = cvar_levels(weights, rng.normal(size=(40, 4)))
    found = multiverse.interval(levels, weights, fraction=spread.WORST_FRACTION)
    over_points = 39 / 40 * float(((levels.points - levels.points.mean()) ** 2).sum())
    over_seeds = 3 / 4 * float(((levels.seeds - levels.seeds.mean()) ** 2).sum())
    assert found.df == pytest.approx(intervals.crossed_degrees(over_points, over_seeds, spread.tail_degrees(40), 3))
    assert found.se == pytest.approx(multiverse.interval(levels, weights).se)
