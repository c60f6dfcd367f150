"""The law that studies are simulated by: its moments, what a pilot gives of it, and what a pilot does not show."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.judge import law
from ssc_tune.analysis.judge.law import Law


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def between_seeds(first: FloatArray, second: FloatArray) -> float:
    """Mean over pairs of different seeds of the covariance over points: what is left has no noise in it."""
    pairs = list(permutations(range(first.shape[1]), 2))
    return float(np.mean([np.cov(first[:, j], second[:, k])[0, 1] for j, k in pairs]))


def pilot(seed: int, *, num_methods: int = 2, points: int = 12, seeds: int = 4) -> list[FloatArray]:
    draws = rng(seed)
    common, own = draws.normal(size=(1, points, 1)), draws.normal(size=(num_methods, points, 1))
    noise = draws.normal(size=(num_methods, points, seeds)) + draws.normal(size=(num_methods, 1, seeds))
    scales = draws.uniform(0.02, 0.08, size=(num_methods, 1, 1))
    return list(0.7 + scales * (common + own) + 0.02 * noise)


@pytest.mark.parametrize("seed", range(5))
def test_a_pilots_components_are_covariances_between_seeds(seed: int) -> None:
    a, b = pilot(seed)
    found = law.of_pilot([a, b]).law
    own = [between_seeds(a, a), between_seeds(b, b)]
    across = (between_seeds(a, b) + between_seeds(b, a)) / 2
    assert found.point == pytest.approx(np.mean(own))
    assert found.point_correlation == pytest.approx(np.clip(across / np.mean(own), -0.95, 0.95))
    assert found.level == pytest.approx((a.mean() + b.mean()) / 2)


@given(st.integers(0, 10_000), st.integers(2, 4), st.floats(-0.2, 0.2), st.permutations(range(4)))
@settings(max_examples=40, deadline=None)
def test_a_pilot_does_not_show_which_method_is_which(
    seed: int, num_methods: int, shift: float, order: list[int]
) -> None:
    tables = pilot(seed, num_methods=num_methods)
    found = law.of_pilot(tables)
    exchanged = law.of_pilot([tables[i] for i in order if i < num_methods])
    assert exchanged.law[:8] == pytest.approx(found.law[:8], abs=1e-12)
    assert exchanged.law.shape == pytest.approx(found.law.shape, abs=1e-12)
    better = law.of_pilot([tables[0] + shift, *tables[1:]])
    assert better.law._replace(level=0.5)[:8] == pytest.approx(found.law._replace(level=0.5)[:8], abs=1e-12)
    assert better.law.level == pytest.approx(found.law.level + shift / num_methods)


def test_a_pilot_without_spread_says_nothing_of_its_methods() -> None:
    flat, other = np.tile([0.1, 0.2, 0.3], (9, 1)), 0.5 + 0.1 * np.tile(np.eye(3), (3, 1))
    messages = []
    for tables in ([flat, other], [other, flat], [flat, flat]):
        with pytest.raises(ValueError, match="no spread over points") as caught:
            law.of_pilot(tables)
        messages.append(str(caught.value))
    assert len(set(messages)) == 1
    with pytest.raises(ValueError, match="2 seeds"):
        law.of_pilot([flat[:, :1], flat[:, :1]])


def test_shape_and_slopes_need_enough_points_and_seeds() -> None:
    for points, seeds, shape, slopes in ((7, 4, False, False), (8, 2, True, False), (8, 3, True, True)):
        found = law.of_pilot(pilot(1, points=points, seeds=seeds))
        assert (bool(found.law.shape), found.slopes_known) == (shape, slopes)
        if not slopes:
            assert found.law.slope_cv == law.SLOPE_CV
        if shape:
            x = np.array(found.law.shape)
            assert len(x) == 2 * points
            assert (x.mean(), x.std()) == pytest.approx((0, 1))


def test_slopes_of_three_seeds_are_the_loadings_of_one_factor() -> None:
    """Without noise the covariance of seeds j and k is V (1 + s_j)(1 + s_k), which three seeds solve exactly."""
    e, slopes = rng(1).normal(size=(200, 1)), np.array([0.6, 1.1, 1.3])
    y = 0.7 + 0.05 * e * slopes + 1e-6 * rng(2).normal(size=(200, 3))
    c = np.cov(y.T)
    loadings = np.sqrt([c[0, 1] * c[0, 2] / c[1, 2], c[0, 1] * c[1, 2] / c[0, 2], c[0, 2] * c[1, 2] / c[0, 1]])
    expected = loadings.std(ddof=1) / loadings.mean()
    # the estimator divides by the mean covariance between seeds, which is a little below the squared mean of slopes
    assert law.slope_cv(np.stack([y])) == pytest.approx(expected, rel=0.05)


def test_slopes_are_told_from_noise() -> None:
    draws = rng(3)
    e, noise = draws.normal(size=(2, 200, 1)), draws.normal(size=(2, 200, 40))
    slopes = 1 + 0.4 * draws.normal(size=(2, 1, 40))
    assert law.slope_cv(0.05 * e * slopes + 0.03 * noise) == pytest.approx(0.4, abs=0.08)
    estimates = [
        law.slope_cv(0.05 * draws.normal(size=(2, 40, 1)) + 0.05 * draws.normal(size=(2, 40, 5))) for _ in range(60)
    ]
    assert np.mean(estimates) < 0.08  # taking the noise for slopes would give sqrt(1 / 40) = 0.16
    assert math.isnan(law.slope_cv(np.zeros((2, 9, 3))))


GIVEN = Law(0.0004, 0.0002, 0.0003, 0.6, 0.3, 0.4, 0.5, 0.25)


@pytest.mark.parametrize("ratio", [0.5, 1.0])
def test_moments_of_the_law(ratio: float) -> None:
    a, b = law.draw(GIVEN, ratio, 0.02, (150, 60, 20), rng(4))
    variances = [np.mean([between_seeds(y, y) for y in of[:40]]) for of in (a, b)]
    assert math.sqrt(variances[0] / variances[1]) == pytest.approx(ratio, rel=0.05)
    assert np.mean(variances) == pytest.approx(GIVEN.point, rel=0.05)
    across = np.mean([between_seeds(x, y) for x, y in zip(a[:40], b[:40], strict=True)])
    assert across == pytest.approx(GIVEN.point * GIVEN.point_correlation, rel=0.2)
    assert a.mean() - b.mean() == pytest.approx(0.02, abs=0.002)
    assert (a.mean() + b.mean()) / 2 == pytest.approx(0.6, abs=0.002)
    seed_means = [y.mean(axis=1) - y.mean(axis=(1, 2))[:, None] for y in (a, b)]  # (studies, seeds)
    # variance of a seed's mean: seed + error / N; covariance: the shares in common of both
    assert np.mean([x.var(ddof=1, axis=1).mean() for x in seed_means]) == pytest.approx(0.0002 + 0.0003 / 60, rel=0.05)
    covariance = (seed_means[0] * seed_means[1]).sum(axis=1).mean() / 19
    assert covariance == pytest.approx(0.0002 * 0.5 + 0.0003 * 0.25 / 60, rel=0.15)
    residual = [
        y - y.mean(axis=1, keepdims=True) - y.mean(axis=2, keepdims=True) + y.mean(axis=(1, 2), keepdims=True)
        for y in (a, b)
    ]
    degrees = 59 * 19
    errors = [(r**2).sum(axis=(1, 2)).mean() / degrees for r in residual]
    assert np.mean(errors) == pytest.approx(GIVEN.error, rel=0.05)  # slopes included
    assert (residual[0] * residual[1]).sum(axis=(1, 2)).mean() / degrees == pytest.approx(0.0003 * 0.25, rel=0.1)


def test_effects_have_the_shape_of_the_pilot_and_variance_one() -> None:
    shape = tuple(float(x) for x in np.sort(1 - rng(5).exponential(size=400)))
    only_effects = Law(0.0001, level=0.5, slope_cv=0.0, shape=shape)
    a, b = (y[..., 0].ravel() for y in law.draw(only_effects, 0.5, 0.0, (2000, 40, 2), rng(6)))
    assert a.std() / b.std() == pytest.approx(0.5, rel=0.03)
    assert a.var() + b.var() == pytest.approx(2 * 0.0001, rel=0.05)
    assert stats.skew(a) == pytest.approx(stats.skew(shape), abs=0.35)
    assert stats.skew(a) < -1.2
    normal = law.draw(only_effects._replace(shape=()), 0.5, 0.0, (2000, 40, 2), rng(6))[1]
    assert abs(stats.skew(normal[..., 0], axis=None)) < 0.05


def test_correlated_effects_keep_their_shape() -> None:
    joint = law.skewed(Law(0.0001, level=0.5, slope_cv=0.0, point_correlation=0.6))
    a, b = (y[..., 0].ravel() for y in law.draw(joint, 1.0, 0.0, (1000, 40, 2), rng(7)))
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(0.6, abs=0.06)
    for values in (a, b):
        assert stats.skew(values) == pytest.approx(-2, abs=0.35)  # of an exponential


def test_accuracies_stay_accuracies_and_equal_generators_give_equal_draws() -> None:
    wide = Law(0.2, 0.1, 0.1, 0.9)
    a, b = law.draw(wide, 0.5, 0.0, (20, 8, 3), rng(8))
    assert min(a.min(), b.min()) == 0
    assert max(a.max(), b.max()) == 1
    again = law.draw(wide, 0.5, 0.0, (20, 8, 3), rng(8))
    assert (again[0] == a).all()
    one = law.draw(GIVEN, 1.0, 0.0, (20, 8, 3), rng(8))[0] - GIVEN.level
    other = law.draw(GIVEN._replace(level=0.5), 1.0, 0.0, (20, 8, 3), rng(8))[0] - 0.5
    np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize(
    "change",
    [
        {"point": 0.0},
        {"seed": -1.0},
        {"error": math.nan},
        {"slope_cv": math.inf},
        {"level": 1.0},
        {"seed_correlation": 2.0},
    ],
)
def test_laws_that_cannot_be_drawn_from_are_refused(change: dict[str, float]) -> None:
    law.check(GIVEN)
    with pytest.raises(ValueError, match=r"variances|mean accuracy|correlations"):
        law.check(GIVEN._replace(**change))  # type: ignore[arg-type]
