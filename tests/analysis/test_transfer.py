"""Transfer over settings against the reference, brute force and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from ssc_tune.analysis.estimators import transfer


def test_reference() -> None:
    found = transfer.sensitivity([[1, 0.2, 0.7], [0.1, 0.9, 0.7]])
    assert (found.tuned, found.fixed, found.sensitivity) == pytest.approx((0.95, 0.7, 0.25))
    assert found.best_point == 2


def test_normalization_maps_percentiles_and_does_not_clip() -> None:
    y = np.random.default_rng(0).random((2, 101))
    gamma = transfer.normalize(y)
    for d in range(2):
        ordered = np.sort(y[d])
        np.testing.assert_allclose(gamma[d], (y[d] - ordered[5]) / (ordered[95] - ordered[5]))
    assert gamma.max() > 1
    assert gamma.min() < 0


def test_normalized_sensitivity_ignores_units_of_a_setting() -> None:
    y = np.random.default_rng(1).random((3, 20))
    other = y * np.array([[1.0], [7.0], [0.1]]) + np.array([[0.0], [2.0], [-1.0]])
    a, b = (transfer.sensitivity(values, normalize=True).sensitivity for values in (y, other))
    assert a == pytest.approx(b)
    assert transfer.sensitivity(y * 7).sensitivity == pytest.approx(7 * transfer.sensitivity(y).sensitivity)


def test_noise_flatters_unless_seeds_are_held_out() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(500, 2, 32, 4)) * 2  # sd / sqrt(R) = 1
    naive = np.mean([transfer.sensitivity(y.mean(axis=2)).sensitivity for y in noise])
    held_out = np.mean([transfer.held_out_sensitivity(y).sensitivity for y in noise])
    assert naive == pytest.approx(2.070 * (1 - 1 / math.sqrt(2)), abs=0.06)
    assert held_out == pytest.approx(0, abs=0.08)


def test_held_out_equals_plain_without_noise() -> None:
    y = np.random.default_rng(3).random((3, 10))
    repeated = np.repeat(y[:, :, None], 4, axis=2)
    plain, held_out = transfer.sensitivity(y), transfer.held_out_sensitivity(repeated)
    assert held_out.sensitivity == pytest.approx(plain.sensitivity)
    assert held_out.best_point == plain.best_point


def test_one_seed_and_constant_settings() -> None:
    one = transfer.held_out_sensitivity(np.random.default_rng(0).random((2, 5, 1)))
    assert math.isnan(one.sensitivity)
    assert "one seed" in one.reason
    with pytest.raises(ValueError, match="do not vary"):
        transfer.sensitivity([[1.0, 1.0], [0.0, 1.0]], normalize=True)
    with pytest.raises(ValueError, match="finite"):
        transfer.sensitivity([[np.nan, 1.0]])


def test_effective_dimension_of_a_separable_score() -> None:
    axis = np.arange(5) / 4
    points = np.array(list(itertools.product(axis, axis, axis)))
    targets = np.array([[0.0, 0.5, 0.5], [1.0, 0.5, 0.5]])  # only the first parameter's best moves
    scores = np.stack([1 - np.abs(points - t).sum(axis=1) for t in targets])
    found = transfer.effective_dimension(scores, points)
    assert (found.num_parameters, found.retuned) == (1, (0,))
    assert found.scores[0] == pytest.approx(0.5)  # fixed: one of the two settings loses 1, or both a half
    assert found.scores[1] == pytest.approx(1.0)


def test_effective_dimension_by_brute_force() -> None:
    rng = np.random.default_rng(9)
    points = np.array(list(itertools.product(range(3), range(2), range(2))), dtype=float)
    scores = rng.random((4, 12))
    fixed = points[scores.mean(axis=0).argmax()]
    best = [0.0] * 4
    for size in range(4):
        for columns in itertools.combinations(range(3), size):
            total = 0.0
            for d in range(4):
                allowed = [
                    scores[d, i]
                    for i in range(12)
                    if all(points[i, k] == fixed[k] for k in range(3) if k not in columns)
                ]
                total += max(allowed) / 4
            best[size] = max(best[size], total)
    found = transfer.effective_dimension(scores, points)
    assert found.scores == pytest.approx(tuple(best))
    assert found.num_parameters == next(k for k in range(4) if best[k] >= 0.95 * best[3])


def test_effective_dimension_needs_a_grid() -> None:
    found = transfer.effective_dimension(np.ones((2, 3)), np.random.default_rng(0).random((3, 2)))
    assert found.num_parameters is None
    assert "grid" in found.reason
