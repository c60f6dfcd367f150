"""Power against the published figures, its limits, and an independent simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ssc_tune.analysis import power

REFERENCE = {(32, 0.67): 0.50, (64, 0.67): 0.83, (128, 0.67): 0.99, (32, 0.5): 0.88, (64, 0.5): 0.996}


@pytest.mark.parametrize(("points", "ratio"), REFERENCE)
def test_reference_figures_of_normal_effects(points: int, ratio: float) -> None:
    found = power.power_of_spread(points, 3, ratio, rule="test", num_simulations=1500)
    assert found.value == pytest.approx(REFERENCE[points, ratio], abs=0.045)


def test_skewed_effects_by_an_independent_simulation() -> None:
    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(1500):
        a, b = 0.5 * rng.exponential(size=64), rng.exponential(size=64)
        found = stats.ttest_rel(np.abs(b - np.median(b)), np.abs(a - np.median(a)))
        seen += found.pvalue < 0.05 and found.statistic > 0
    value = power.power_of_spread(64, 3, 0.5, shape="skewed", rule="test", num_simulations=1500).value
    assert value == pytest.approx(seen / 1500, abs=0.04)
    normal = power.power_of_spread(64, 3, 0.5, rule="test", num_simulations=500).value
    assert value < normal


@pytest.mark.parametrize("rule", ["test", "verdict"])
def test_equal_spreads_are_seldom_called_different(rule: power.Rule) -> None:
    found = power.power_of_spread(32, 3, 1.0, (1.0, 0.2, 0.3), rule=rule, num_simulations=1500)
    assert found.value <= 0.04  # half of a two-sided 5%


def test_verdict_asks_for_more_and_noise_costs_power() -> None:
    def value(error: float, rule: power.Rule) -> float:
        return power.power_of_spread(32, 3, 0.6, (1.0, 0.0, error), rule=rule, num_simulations=400).value

    assert value(0.5, "verdict") <= value(0.5, "test")
    assert value(1.0, "verdict") < value(0.0, "verdict") - 0.1


def test_unit_of_accuracy_and_seed_effects_do_not_matter() -> None:
    a = power.power_of_spread(24, 3, 0.6, (1.0, 0.0, 0.2), num_simulations=200)
    b = power.power_of_spread(24, 3, 0.6, (1e-4, 5e-4, 0.2e-4), num_simulations=200)
    assert a.value == b.value
    assert a.low < a.value < a.high


def test_minimal_ratio_reaches_the_power_and_no_more() -> None:
    ratio = power.minimal_detectable_ratio(64, 3, rule="test", num_simulations=400)
    assert ratio == pytest.approx(0.67, abs=0.04)  # 83% at 0.67
    seen = power.power_of_spread(64, 3, ratio, rule="test", num_simulations=1000, rng=np.random.default_rng(9)).value
    assert seen == pytest.approx(0.8, abs=0.06)
    assert math.isnan(power.minimal_detectable_ratio(3, 2, (1.0, 0.0, 100.0), num_simulations=50))


def test_split_prefers_points_without_noise_and_seeds_with_it() -> None:
    quiet = power.recommend_split(120, 0.5, (1.0, 0.0, 0.01))
    assert all(split.points * split.seeds <= 120 for split in quiet)
    assert quiet[0].seeds == 3
    assert quiet[0].power >= quiet[-1].power
    noisy = power.recommend_split(400, 0.5, (1.0, 0.0, 4.0), num_simulations=200)
    assert noisy[0].seeds > 3


def test_pilot_gives_its_components() -> None:
    rng = np.random.default_rng(2)
    y = 2 * rng.normal(size=(400, 1)) + rng.normal(size=(400, 5))
    found = power.pilot_variances(y)
    assert found.point == pytest.approx(4, rel=0.2)
    assert found.error == pytest.approx(1, rel=0.1)
    assert found.seed >= 0
    with pytest.raises(ValueError, match="no spread"):
        power.pilot_variances(np.tile([0.1, 0.2], (5, 1)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, 3, 0.5), "3 points"),
        ((8, 1, 0.5), "2 seeds"),
        ((8, 3, 1.5), "ratio"),
        ((8, 3, 0.5, (0, 0, 1)), "variances"),
    ],
)
def test_bad_arguments_are_refused(arguments: tuple, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match=message):
        power.power_of_spread(*arguments)
    with pytest.raises(ValueError, match="6 cells"):
        power.recommend_split(5, 0.5, (1, 0, 0))
