"""Decomposition of variance against hand-computed sums of squares, known truth and simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from ssc_tune.analysis.estimators import decomposition


def grid(*sizes: int) -> np.ndarray:
    return np.array(list(itertools.product(*[np.arange(size) / (size - 1) for size in sizes])))


def omega_squared_by_hand(points: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Two factors and crossed seeds, from marginal means."""
    rows, columns = (np.unique(points[:, k], return_inverse=True)[1] for k in range(2))
    a, b, r = rows.max() + 1, columns.max() + 1, y.shape[1]
    cube = np.empty((a, b, r))
    for i in range(len(y)):
        cube[rows[i], columns[i]] = y[i]
    grand = cube.mean()
    first, second, seed = cube.mean((1, 2)) - grand, cube.mean((0, 2)) - grand, cube.mean((0, 1)) - grand
    both = cube.mean(2) - grand - first[:, None] - second[None, :]
    error = cube - grand - first[:, None, None] - second[None, :, None] - both[:, :, None] - seed[None, None, :]
    squares = {
        "p": (b * r * (first**2).sum(), a - 1),
        "q": (a * r * (second**2).sum(), b - 1),
        "p x q": (r * (both**2).sum(), (a - 1) * (b - 1)),
        "seed": (a * b * (seed**2).sum(), r - 1),
    }
    ms = (error**2).sum() / ((a * b - 1) * (r - 1))
    total = ((cube - grand) ** 2).sum()
    return {name: (ss - df * ms) / (total + ms) for name, (ss, df) in squares.items()}


def values(found: decomposition.Decomposition) -> dict[str, float]:
    """The shares without their intervals."""
    return {source: share.estimate for source, share in found.shares.items()}


def test_two_factors_by_hand() -> None:
    rng = np.random.default_rng(0)
    points = grid(3, 4)
    y = points[:, :1] + points[:, :1] * points[:, 1:] + rng.normal(size=(1, 3)) * 0.2 + rng.normal(size=(12, 3)) * 0.1
    shuffled = rng.permutation(12)
    found = decomposition.anova(points[shuffled], y[shuffled], ["p", "q"])
    shares = values(found)
    for name, value in omega_squared_by_hand(points, y).items():
        assert shares[name] == pytest.approx(value)
    assert sum(values(found).values()) == pytest.approx(1)
    assert tuple(found.shares) == ("p", "q", "p x q", "seed", "residual")
    known = [share for source, share in found.shares.items() if source != decomposition.SEED]
    assert all(share.low <= share.estimate + 1e-9 <= share.high + 2e-9 for share in known)
    assert np.isnan(found.shares["seed"].low)
    left_out = [values(decomposition.anova(points, np.delete(y, j, axis=1), ["p", "q"])) for j in range(3)]
    for name in ("p", "q", "p x q"):
        reach = stats.t.ppf(0.975, 2) * np.sqrt(2 * np.var([without[name] for without in left_out]))
        assert found.shares[name].high == pytest.approx(min(1, shares[name] + reach))


def test_three_factors_pool_the_higher_order() -> None:
    points = grid(2, 3, 2)
    sign = 2 * points - 1
    y = np.repeat(sign.prod(axis=1)[:, None], 3, axis=1) + 1e-3 * np.random.default_rng(1).normal(size=(12, 3))
    found = decomposition.anova(points, y, ["p", "q", "r"])
    shares = values(found)
    assert shares[decomposition.HIGHER] == pytest.approx(1, abs=0.01)
    assert sum(values(found).values()) == pytest.approx(1)


def test_anova_shares_are_unbiased_and_their_intervals_cover() -> None:
    rng = np.random.default_rng(2)
    points = grid(4, 4)
    effect = 1.0 * (points[:, :1] - 0.5)
    variance = effect.var()
    truth = variance / (variance + 0.25)  # error variance 0.25, no seed effect
    shares, covered = [], []
    for _ in range(90):
        found = decomposition.anova(points, effect + 0.5 * rng.normal(size=(16, 3)), ["p", "q"])
        shares.append(list(values(found).values()))
        covered.append(found.shares["p"].low <= truth <= found.shares["p"].high)
    mean = np.mean(shares, axis=0)
    assert mean[0] == pytest.approx(truth, abs=0.03)
    np.testing.assert_allclose(mean[1:4], 0, atol=0.02)
    assert np.mean(covered) >= 0.90


def test_undefined_cases_have_reasons() -> None:
    points = grid(2, 2)
    assert "one seed" in decomposition.anova(points, np.ones((4, 1)), ["p", "q"]).reason
    assert "do not vary" in decomposition.anova(points, np.ones((4, 2)), ["p", "q"]).reason
    with pytest.raises(ValueError, match="full grid"):
        decomposition.anova(points[:3], np.ones((3, 2)), ["p", "q"])


def test_functional_recovers_a_known_split() -> None:
    rng = np.random.default_rng(3)
    points = rng.random((128, 3))
    main = 4 * points[:, 0] + 2 * points[:, 1]
    y = main[:, None] + 0.5 * rng.normal(size=(1, 5)) + 0.5 * rng.normal(size=(128, 5))
    found = decomposition.functional(points, y, ["p", "q", "r"], num_bootstrap=50)
    shares = values(found)
    total = 16 / 12 + 4 / 12 + 0.5
    assert shares["p"] == pytest.approx(16 / 12 / total, abs=0.08)
    assert shares["q"] == pytest.approx(4 / 12 / total, abs=0.06)
    assert shares["r"] == pytest.approx(0, abs=0.02)
    assert shares["residual"] == pytest.approx(0.25 / total, abs=0.04)
    assert sum(values(found).values()) == pytest.approx(1)
    assert all(share.low <= share.estimate or np.isnan(share.low) for share in found.shares.values())
    assert found.r2 > 0.8


def test_functional_finds_a_pure_product() -> None:
    points = np.random.default_rng(4).random((128, 2))
    product = (2 * points[:, 0] - 1) * (2 * points[:, 1] - 1)
    y = product[:, None] + 0.02 * np.random.default_rng(5).normal(size=(128, 3))
    found = decomposition.functional(points, y, ["p", "q"], num_bootstrap=10)
    shares = values(found)
    assert shares["p x q"] == pytest.approx(1, abs=0.05)


def test_functional_keeps_points_seed_and_residual_where_it_cannot_resolve() -> None:
    rng = np.random.default_rng(6)
    y = rng.normal(size=(32, 1)) + 0.1 * rng.normal(size=(32, 3))  # points differ, but not by the parameters
    found = decomposition.functional(rng.random((32, 2)), y, ["p", "q"], num_bootstrap=20)
    assert tuple(found.shares) == (decomposition.UNRESOLVED, "seed", "residual")
    assert "R2" in found.reason
    assert sum(values(found).values()) == pytest.approx(1)
    assert found.shares[decomposition.UNRESOLVED].estimate > 0.9


def test_functional_needs_replicates() -> None:
    found = decomposition.functional(np.random.default_rng(0).random((20, 2)), np.random.rand(20, 1), ["p", "q"])
    assert found.shares == {}
    assert "2 seeds" in found.reason


def test_the_share_of_a_few_seeds_has_no_interval() -> None:
    """The jackknife over so few covers 73 to 95%: it is a variance of 3 to 5 numbers."""
    rng = np.random.default_rng(0)
    points = rng.random((48, 2))
    y = points[:, :1] + 0.5 * rng.standard_normal((1, 4)) + 0.02 * rng.standard_normal((48, 4))
    found = decomposition.functional(points, y, ["a", "b"], num_bootstrap=50)
    seed = found.shares[decomposition.SEED]
    assert np.isnan(seed.low)
    assert np.isnan(seed.high)
    assert np.isfinite(seed.estimate)
