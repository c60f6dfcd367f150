"""Adkins' plane: intervals of the sensitivity and distributions of the effective dimension."""

from __future__ import annotations

import numpy as np
import pytest

from ssc_tune.analysis.estimators import extremes, plane, surrogate, transfer
from ssc_tune.analysis.estimators.intervals import Interval

LIMITS = np.array([[0.0, 1.0], [0.2, 0.8], [-0.5, 1.5]])


def table(num_points: int = 20, num_seeds: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Test and validation scores (3, N, R)."""
    rng = np.random.default_rng(seed)
    points = 0.2 * rng.standard_normal((3, num_points, 1)) + 0.1 * rng.standard_normal((1, num_points, 1))
    cells = 0.5 + points + 0.05 * rng.standard_normal((3, num_points, num_seeds))
    return cells, cells + 0.02 * rng.standard_normal(cells.shape)


def phi(test: np.ndarray, validation: np.ndarray) -> float:
    """The estimate alone."""
    return transfer.held_out_sensitivity(test, choose_by=validation, limits=LIMITS).sensitivity


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_is_that_of_leaving_each_point_and_each_seed_out(seed: int) -> None:
    scores = table(seed=seed)
    points = np.array([phi(*(np.delete(x, i, axis=1) for x in scores)) for i in range(20)])
    seeds = np.array([phi(*(np.delete(x, j, axis=2) for x in scores)) for j in range(4)])
    expected = extremes.crossed(phi(*scores), points, seeds, 0.9)
    assert plane.sensitivity_interval(*scores, LIMITS, 0.9)[:5] == pytest.approx(expected[:5])


def test_too_few_seeds_or_points_have_a_sensitivity_and_no_interval() -> None:
    two = table(num_seeds=2)
    found = plane.sensitivity_interval(*two, LIMITS)
    assert found.estimate == pytest.approx(phi(*two))
    assert np.isnan(found.low)
    assert found.reason == "fewer than 3 seeds: no interval"
    assert plane.sensitivity_interval(*table(num_points=2), LIMITS).reason == "fewer than 3 points: no interval"
    one = plane.sensitivity_interval(*table(num_seeds=1), LIMITS)
    assert np.isnan(one.estimate)
    assert one.reason.startswith("one seed")


def test_exchanging_settings_points_or_seeds_changes_nothing() -> None:
    scores, rng = table(), np.random.default_rng(0)
    settings, points, seeds = rng.permutation(3), rng.permutation(20), rng.permutation(4)
    other = [x[settings][:, points][:, :, seeds] for x in scores]
    assert plane.sensitivity_interval(*other, LIMITS[settings])[:4] == pytest.approx(
        plane.sensitivity_interval(*scores, LIMITS)[:4]
    )


def shifted(rng: np.random.Generator, num_points: int, num_seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Test and validation scores of two settings whose best values of one of two parameters lie apart."""
    u = rng.random((num_points, 2))
    truth = np.stack([1 - 3 * (u[:, 0] - centre) ** 2 - (u[:, 1] - 0.5) ** 2 for centre in (0.35, 0.65)])
    noise = 0.02 * rng.standard_normal((2, num_points, num_seeds)) + 0.006 * rng.standard_normal((2, 1, num_seeds))
    test = truth[:, :, None] + noise
    return test, test + 0.01 * rng.standard_normal(test.shape)


@pytest.mark.slow
def test_the_interval_covers_the_sensitivity_of_as_many_random_points_and_seeds() -> None:
    rng = np.random.default_rng(1)
    limits = np.array([[0.0, 1.0]] * 2)

    def draw() -> Interval:
        return plane.sensitivity_interval(*shifted(rng, 32, 5), limits)

    truth = np.mean([draw().estimate for _ in range(500)])
    found = [draw() for _ in range(200)]
    assert truth > 0.05
    assert 0.9 <= np.mean([interval.low <= truth <= interval.high for interval in found]) <= 1


def test_dimensions_are_those_of_one_table_at_a_time() -> None:
    rng = np.random.default_rng(0)
    sizes = (4, 3, 2)
    axes = np.meshgrid(*(np.arange(size) / size for size in sizes), indexing="ij")
    grid = np.stack([part.ravel() for part in axes], axis=1)
    tables = rng.random((60, 3, len(grid))) + 2 * np.sin(4 * grid @ rng.standard_normal((3, 60))).T[:, None]
    tables[5] = -1 - tables[5] ** 2
    found = plane.effective_dimensions(tables.reshape(60, 3, *sizes))
    single = [transfer.effective_dimension(one, grid).num_parameters for one in tables]
    assert found.tolist() == [plane.UNDEFINED if number is None else number for number in single]
    assert len(set(found.tolist())) > 2


def test_the_distribution_names_the_fewest_dimensions_that_make_up_the_level() -> None:
    drawn = np.array([1] * 60 + [2] * 36 + [0] * 3 + [3] * 1 + [plane.UNDEFINED] * 10)
    found = plane.distribution(drawn, 3)
    assert found.shares == pytest.approx((0.03, 0.6, 0.36, 0.01))
    assert (found.likely, found.num_draws) == ((1, 2), 100)
    assert plane.distribution(drawn, 3, 0.97).likely == (0, 1, 2)
    assert plane.distribution(np.full(4, plane.UNDEFINED), 3) == ((), (), 0)


def test_a_resample_is_predicted_as_if_its_points_had_been_copied() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((14, 2))
    y = (np.sin(3 * x[:, 0]) + x[:, 1])[:, None] + 0.1 * rng.standard_normal((14, 3))
    model = surrogate.fit(x, y, rng=rng)
    grid = rng.random((9, 2))
    found = model.predict_resampled(grid, model.bootstrap(4, rng=np.random.default_rng(5)))
    again = np.random.default_rng(5)  # as the bootstrap draws: the points of a resample, then its seeds
    for row in found:
        copies, seeds = again.integers(14, size=14), again.integers(3, size=3)
        values = y.mean(axis=1) + np.sqrt(3 / 2) * (y[:, seeds].mean(axis=1) - y.mean(axis=1))
        scaled = x[copies] / model.kernel.length_scales
        distances = ((scaled[:, None] - scaled[None]) ** 2).sum(axis=2)
        system = model.kernel.amplitude * np.exp(-distances / 2) + model.kernel.noise * np.eye(14)
        centre = values[copies].mean()
        alpha = np.linalg.solve(system, values[copies] - centre)
        across = ((grid[:, None] / model.kernel.length_scales - scaled[None]) ** 2).sum(axis=2)
        assert row == pytest.approx(centre + model.kernel.amplitude * np.exp(-across / 2) @ alpha, abs=1e-8)
