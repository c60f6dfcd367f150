"""Near-optimal volume against a closed form, enumeration and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from scipy.stats import qmc

from ssc_tune.analysis.estimators import budget, splits, volume


def test_disc_has_volume_pi_delta() -> None:
    points = qmc.Sobol(2, rng=np.random.default_rng(0)).random(2**14)
    values = 1 - ((points - 0.5) ** 2).sum(axis=1)
    deltas = [0.02, 0.1, 0.25]
    assert volume.curve(values, deltas).share == pytest.approx([math.pi * delta for delta in deltas], abs=0.004)


def test_without_noise_the_interval_of_a_share_is_wilson_with_t() -> None:
    y = np.repeat(np.r_[np.zeros(25), np.full(7, 0.5)], 3).reshape(32, 3)  # the reference, 0.5, moves with no point
    found = volume.curve(y, [0.1, 0.6])
    assert (found.best, found.share[0], found.share[1]) == (pytest.approx(0.5, abs=0.01), 7 / 32, 1.0)
    p, variance = 7 / 32, 7 / 32 * 25 / 32 / 31  # the jackknife of a mean
    df = min(31.0, 2 * 32 / (_kurtosis(7, 32) - 1))
    effective, square = p * (1 - p) / variance, stats.t.ppf(0.975, df) ** 2
    inside = [x for x in np.linspace(0, 1, 200_001) if (x - p) ** 2 <= square * x * (1 - x) / effective]
    assert (found.low[0], found.high[0]) == pytest.approx((inside[0], inside[-1]), abs=1e-5)
    assert (found.low[1], found.high[1]) == pytest.approx((1 / (1 + stats.t.ppf(0.975, 31) ** 2 / 32), 1.0))


def _kurtosis(ones: int, num: int) -> float:
    return float(stats.kurtosis([1] * ones + [0] * (num - ones), fisher=False))


def test_shares_leave_points_and_seeds_out_by_loops() -> None:
    rng = np.random.default_rng(4)
    test, validation = rng.random((9, 3)), rng.random((9, 3))
    found = volume.shares(test, volume.reference(test, validation), [0.1, 0.3])

    def share(y: np.ndarray, chooser: np.ndarray, delta: float) -> float:
        best = budget.held_out_best(y, 4, choose_by=chooser)  # 4 = half of 9, of 8 too
        return float(np.mean([row.mean() >= best - delta for row in y]))

    for k, delta in enumerate((0.1, 0.3)):
        assert found.estimate[k] == pytest.approx(share(test, validation, delta))
        for i in range(9):
            assert found.points[i, k] == pytest.approx(share(np.delete(test, i, 0), np.delete(validation, i, 0), delta))
        for j in range(3):
            assert found.seeds[j, k] == pytest.approx(share(np.delete(test, j, 1), np.delete(validation, j, 1), delta))


def test_corrected_best_is_the_mean_over_every_split() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=(6, 5))
    found = []
    for size in (2, 3):
        for half in itertools.combinations(range(5), size):
            other = [j for j in range(5) if j not in half]
            chosen = max(range(6), key=lambda i: sum(y[i, j] for j in half) / len(half))
            found.append(sum(y[chosen, j] for j in other) / len(other))
    assert volume.corrected_best(y) == pytest.approx(sum(found) / len(found))


def test_optimism_of_the_maximum_is_removed() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(400, 32, 4))  # every point is equally good: the true best is 0
    naive = np.mean([y.mean(axis=1).max() for y in noise])
    corrected = np.mean([volume.corrected_best(y) for y in noise])
    assert naive == pytest.approx(2.070 / 2, abs=0.04)  # E[max of 32] sd / sqrt(R)
    assert corrected == pytest.approx(0, abs=0.04)


def test_effects_of_seeds_alone_do_not_bias_the_best() -> None:
    effects = np.random.default_rng(2).normal(size=5)
    points = np.linspace(0, 1, 20)
    assert volume.corrected_best(points[:, None] + effects) == pytest.approx(1 + effects.mean())


def test_one_seed_has_a_reason_and_two_have_no_interval() -> None:
    alone = volume.curve([0.1, 0.5, 0.9], [0.45, 0.5])
    assert "one seed" in alone.reason
    assert alone.share[0] == pytest.approx(2 / 3)
    assert np.isnan(alone.low).all()
    assert math.isnan(volume.corrected_best([0.1, 0.5, 0.9]))
    two = volume.curve(np.random.default_rng(0).random((8, 2)), [0.1, 0.2])
    assert "3 seeds" in two.reason
    assert np.isnan(two.low).all()


def test_many_seeds_use_random_halves_that_balance() -> None:
    pairs = splits.seed_splits(12, rng=np.random.default_rng(0))
    assert len(pairs) == 252
    np.testing.assert_allclose(np.mean([score for _, score in pairs], axis=0), 1 / 12)
    for choose, score in pairs:
        assert (choose * score == 0).all()


def test_curve_rises_and_its_area_is_the_trapezoid() -> None:
    y = np.random.default_rng(5).normal(size=(64, 3))
    deltas = np.linspace(0, 4, 9)
    found = volume.curve(y, deltas)
    assert (np.diff(found.share) >= 0).all()
    assert found.area == pytest.approx(sum((a + b) / 2 for a, b in itertools.pairwise(found.share)) / 8)
    assert ((found.low <= found.share) & (found.share <= found.high)).all()


@pytest.mark.parametrize("bad", [[[np.nan, 1.0]], np.zeros((2, 2, 2)), np.empty((0, 3))])
def test_unusable_values_are_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="scores"):
        volume.curve(bad, [0.1, 0.2])


@pytest.mark.parametrize("deltas", [[-0.1, 0.1], [0.2, 0.1], [0.1]])
def test_tolerances_that_make_no_curve_are_refused(deltas: list[float]) -> None:
    with pytest.raises(ValueError, match="deltas"):
        volume.curve([0.1, 0.2], deltas)


def test_a_method_that_is_bad_everywhere_has_no_volume_beside_a_good_one() -> None:
    """Against its own best it would have nearly all of the space, being as bad as it can be nearly everywhere."""
    rng = np.random.default_rng(0)
    good = 0.9 + 0.01 * rng.standard_normal((16, 4))
    bad = 0.5 + 0.01 * rng.standard_normal((16, 4))
    alone = volume.curve(bad, [0.02, 0.05])
    beside = volume.curve(bad, [0.02, 0.05], others=[(good, good)])
    assert alone.share[1] > 0.9
    assert beside.share.tolist() == [0, 0]
    assert beside.best == pytest.approx(volume.curve(good, [0.02, 0.05]).best)
    first, second = volume.curve(good, [0.02, 0.05]), volume.curve(good, [0.02, 0.05], others=[(bad, bad)])
    assert second.share.tolist() == first.share.tolist()
    assert volume.curve(bad[:, :1], [0.02, 0.05], others=[(good[:, :1], good[:, :1])]).share.tolist() == [0, 0]
