"""What is said of one method: where its intervals hold less than they say, its failure rate, what has no interval."""

from __future__ import annotations

import numpy as np
import pytest
from coverage import PRINTED, generator
from laws import LAWS, SIZES

from ssc_tune.analysis import summaries
from ssc_tune.analysis.summaries import ENOUGH_POINTS, thin


def normal(num_points: int) -> np.ndarray:
    return np.random.default_rng(num_points).normal(0.7, 0.05, size=(num_points, 3))


def test_below_enough_points_the_interval_of_a_level_carries_a_caution() -> None:
    assert "collapses" in thin(normal(ENOUGH_POINTS - 1))
    assert thin(normal(ENOUGH_POINTS)) == ""


def test_points_far_from_the_rest_carry_a_caution_at_any_number() -> None:
    y = normal(200)
    y[:6] = 0.1
    assert "far from the rest" in thin(y)
    assert thin(np.full((200, 3), 0.1)) == ""  # nothing varies


def test_every_interval_of_a_methods_own_level_has_its_caution() -> None:
    y = normal(16) + np.linspace(0, 0.4, 16)[:, None]
    found = summaries._spreads(y)
    assert found["mean"].note == found["std"].note == thin(y)
    assert found["mean"].low is not None
    noise = summaries._spreads(normal(16))["std"]
    assert noise.low is None
    assert "collapses" not in noise.note  # a caution about an interval that is not there
    assert found["cvar"].low is None
    assert "no interval" in found["cvar"].note


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mean of a method", "sd of a method"])
@pytest.mark.parametrize("law", ["normal", "collapsing points", "collapsing cells", "near the ceiling", "skewed"])
def test_what_misses_has_said_so(name: str, law: str) -> None:
    """Intervals that miss the truth without a caution: at most 5% and 3 Monte Carlo errors, where they say 95%."""
    repeats = 100
    for num_points, num_seeds in SIZES:
        truth, rng = PRINTED[name].truth(LAWS[law], num_points, num_seeds), generator(law, num_points, num_seeds)
        silent = 0
        for _ in range(repeats):
            pair = LAWS[law](rng, num_points, num_seeds)
            found = PRINTED[name].of(*pair)
            silent += bool(np.isfinite(found.low)) and not found.low <= truth <= found.high and not thin(pair[0])
        assert silent / repeats <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)
