"""Sobol indices against the Ishigami function, SALib, scipy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from SALib.analyze import sobol as analyze
from SALib.sample import sobol as saltelli
from scipy import stats

from ssc_tune.analysis.estimators import sobol, surrogate


def ishigami(unit: np.ndarray) -> np.ndarray:
    x = (2 * unit - 1) * np.pi
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


FIRST, TOTAL = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437)


def sample(count: int, dimensions: int, seed: int = 1) -> np.ndarray:
    return stats.qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random(count)


def test_surrogate_of_the_ishigami_function() -> None:
    points = sample(256, 3)
    found = sobol.indices(points, ishigami(points), num_bootstrap=20)
    assert found.r2 > 0.95
    np.testing.assert_allclose(found.first, FIRST, atol=0.02)
    np.testing.assert_allclose(found.total, TOTAL, atol=0.02)
    assert found.second[0, 2] == pytest.approx(0.2437, abs=0.02)
    assert found.variance == pytest.approx(13.8446, rel=0.03)


def test_quadrature_agrees_with_salib_and_scipy_on_the_same_surrogate() -> None:
    points = sample(64, 3)
    values = points[:, 0] + 2 * points[:, 1] * points[:, 2]
    model = surrogate.fit(points, values, rng=np.random.default_rng(0))
    found = sobol.from_surrogate(model, r2=1.0, num_bootstrap=0, confidence=0.95, rng=np.random.default_rng(0))
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0.0, 1.0]] * 3}
    at = saltelli.sample(problem, 2048, calc_second_order=True, seed=0)
    salib = analyze.analyze(problem, model.predict(at), calc_second_order=True, seed=0)
    np.testing.assert_allclose(found.first, salib["S1"], atol=0.015)
    np.testing.assert_allclose(found.total, salib["ST"], atol=0.015)
    assert found.second[1, 2] == pytest.approx(salib["S2"][1, 2], abs=0.02)
    scipy = stats.sobol_indices(
        func=lambda x: model.predict(x.T), n=4096, dists=[stats.uniform()] * 3, rng=np.random.default_rng(0)
    )
    np.testing.assert_allclose(found.first, scipy.first_order, atol=0.015)
    np.testing.assert_allclose(found.total, scipy.total_order, atol=0.015)


def test_indices_of_the_model_sum_to_one_and_total_is_its_parts() -> None:
    points = sample(64, 3)
    values = np.sin(6 * points[:, 0]) + points[:, 1] * points[:, 2] + points.prod(axis=1)
    found = sobol.indices(points, values, num_bootstrap=0)
    pairs = found.second[np.triu_indices(3, 1)]
    third = 1 - found.first.sum() - pairs.sum()
    for k in range(3):
        own = found.first[k] + np.nansum(found.second[k]) + third
        assert found.total[k] == pytest.approx(own, abs=1e-4)
    assert third >= -1e-4


def test_a_choice_is_integrated_over_its_categories() -> None:
    rng = np.random.default_rng(3)
    category = rng.integers(3, size=90)
    points = np.column_stack([rng.random(90), (category + 0.5) / 3])
    level = np.array([0.0, 1.0, 0.2])[category]  # no order in the categories
    found = sobol.indices(points, points[:, 0] + level, categories={1: 3}, num_bootstrap=0)
    expected = np.array([1 / 12, np.var([0.0, 1.0, 0.2])])
    np.testing.assert_allclose(found.first, expected / expected.sum(), atol=0.02)


def test_bootstrap_interval_covers_an_additive_truth() -> None:
    covered = 0
    for seed in range(12):
        points = sample(64, 2, seed)
        noise = 0.1 * np.random.default_rng(seed).normal(size=64)
        found = sobol.indices(points, points[:, 0] + points[:, 1] / 2 + noise, num_bootstrap=60)
        low, high = found.interval("first")
        covered += low[0] <= 0.8 <= high[0]
    assert covered >= 10


@pytest.mark.parametrize(
    ("values", "reason"), [(np.ones(32), "do not vary"), (np.random.default_rng(0).normal(size=32), "R2")]
)
def test_refused_with_a_reason(values: np.ndarray, reason: str) -> None:
    found = sobol.indices(sample(32, 2), values, num_bootstrap=10)
    assert np.isnan(found.first).all()
    assert np.isnan(found.total).all()
    assert reason in found.reason


def test_too_few_points_are_refused() -> None:
    found = sobol.indices(sample(4, 2), np.arange(4.0))
    assert "too few points" in found.reason
    assert np.isnan(found.first).all()


def test_surrogate_posterior_is_that_of_scikit_learn() -> None:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    points = sample(32, 2)
    values = np.cos(4 * points[:, 0]) + points[:, 1]
    model = surrogate.fit(points, values, rng=np.random.default_rng(0))
    kernel = ConstantKernel(model.kernel.amplitude) * RBF(model.kernel.length_scales) + WhiteKernel(model.kernel.noise)
    oracle = GaussianProcessRegressor(kernel, optimizer=None, alpha=0, normalize_y=True).fit(points, values)
    new = np.random.default_rng(1).random((50, 2))
    np.testing.assert_allclose(model.predict(new), oracle.predict(new), atol=1e-6)


def test_bootstrap_weights_equal_repeated_points() -> None:
    points, rng = sample(16, 2), np.random.default_rng(0)
    values = points[:, 0] + 0.1 * rng.normal(size=16)
    model = surrogate.fit(points, values, rng=rng)
    found = model.bootstrap(1, rng=np.random.default_rng(7))
    rows = np.random.default_rng(7).integers(16, size=16)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        square = (((a[:, None] - b[None]) / model.kernel.length_scales) ** 2).sum(axis=2)
        return model.kernel.amplitude * np.exp(-square / 2)

    y = model.standardized[rows]
    system = kernel(points[rows], points[rows]) + model.kernel.noise * np.eye(16)
    oracle = kernel(points, points[rows]) @ np.linalg.solve(system, y - y.mean())
    np.testing.assert_allclose(kernel(points, points) @ found.alphas[:, 0], oracle, atol=1e-6)
    assert found.centres[0] == pytest.approx(y.mean())


def test_points_outside_the_cube_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        surrogate.encode(np.array([[1.5]]), {})


def test_many_points_are_thinned() -> None:
    points = sample(1024, 2)
    model = surrogate.fit(points, points[:, 0], rng=np.random.default_rng(0))
    assert len(model.alpha) == 600
    np.testing.assert_allclose(model.predict(points[:50]), points[:50, 0], atol=0.01)
