"""Points against scipy's sequence, and what must not move when a design grows."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from ssc_tune.design.points import MAX_PARAMETERS, fixed_points, sobol, uniform
from tests.making.studies import PARAMETERS, study


def test_sobol_is_the_sequence_of_scipy() -> None:
    expected = qmc.Sobol(MAX_PARAMETERS, scramble=True, rng=np.random.default_rng(5)).random(16)
    np.testing.assert_array_equal(sobol(16, 5), expected)


@given(st.integers(2, 200), st.integers(2, 200), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_more_points_leave_those_there_are(few: int, many: int, seed: int) -> None:
    few, many = sorted((few, many))
    for draw in (sobol, uniform):
        np.testing.assert_array_equal(draw(many, seed)[:few], draw(few, seed))


def test_values_are_the_sequence_on_each_parameters_scale() -> None:
    unit = sobol(4, 0)
    points = fixed_points(study(), "shared")
    assert [point.number for point in points] == [0, 1, 2, 3, 4]
    assert points[0].values == {"learning_rate": 0.03, "tau": 0.95}
    for point, row in zip(points[1:], unit, strict=True):
        rate = math.exp(math.log(0.01) + row[0] * math.log(9))
        one_minus_tau = math.exp(math.log(0.4) + row[1] * math.log(0.01 / 0.4))
        assert point.values["learning_rate"] == pytest.approx(rate, rel=1e-5)
        assert 1 - float(point.values["tau"]) == pytest.approx(one_minus_tau, rel=1e-5)


@pytest.mark.parametrize("kind", ["sobol", "random"])
def test_a_parameter_has_the_same_values_in_every_block(kind: str) -> None:
    of = study(design={"type": kind, "points": 8})
    shared, specific = fixed_points(of, "shared"), fixed_points(of, "specific")
    assert [p.values["learning_rate"] for p in shared] == [p.values["learning_rate"] for p in specific]


@pytest.mark.parametrize("kind", ["sobol", "random"])
def test_a_parameter_added_at_the_end_changes_no_other(kind: str) -> None:
    design = {"type": kind, "points": 8}
    fewer = study(
        search_space={"parameters": {n: PARAMETERS[n] for n in ("learning_rate", "tau")}},
        design=design,
        blocks={"shared": {}},
    )
    more = study(design=design, blocks={"shared": {}})
    assert list(fixed_points(more, "shared")[1].values) == ["learning_rate", "tau", "mu"]
    for old, new in zip(fixed_points(fewer, "shared"), fixed_points(more, "shared"), strict=True):
        assert {name: new.values[name] for name in old.values} == old.values


def test_seeds_give_other_points() -> None:
    def values(kind: str, seed: int) -> list[dict[str, Any]]:
        return [p.values for p in fixed_points(study(design={"type": kind, "points": 4, "seed": seed}), "shared")[1:]]

    for kind in ("sobol", "random"):
        assert values(kind, 0) == values(kind, 0)
        assert values(kind, 0) != values(kind, 1)
    assert values("sobol", 0) != values("random", 0)


def test_sobol_fills_the_space_better_than_random_points() -> None:
    """16 points in 3 dimensions; reference figures of the specification: about 0.0020 against 0.022."""
    ours = np.median([qmc.discrepancy(sobol(16, seed)[:, :3]) for seed in range(21)])
    random = np.median([qmc.discrepancy(np.random.default_rng(seed).random((16, 3))) for seed in range(21)])
    assert ours < 0.01
    assert ours < random / 2


def test_whole_numbers_and_choices_are_drawn_evenly() -> None:
    of = study(points=48, blocks={"all": {"parameters": ["mu", "prototype_init"]}})
    points = fixed_points(of, "all")[1:]
    for name, num in (("mu", 4), ("prototype_init", 3)):
        values = [p.values[name] for p in points]
        counts = [values.count(value) for value in set(values)]
        assert len(counts) == num
        assert max(counts) - min(counts) <= 4


def test_a_grid_is_every_combination() -> None:
    levels = {"learning_rate": [0.01, 0.03, 0.09], "tau": [0.9, 0.95]}
    points = fixed_points(study(design={"type": "grid", "levels": levels}), "shared")
    assert points[0].values == {"learning_rate": 0.03, "tau": 0.95}
    found = {(p.values["learning_rate"], p.values["tau"]) for p in points[1:]}
    assert found == set(itertools.product(levels["learning_rate"], levels["tau"]))
    assert len(points) == 1 + 6


def test_a_grid_holds_parameters_without_levels_at_their_defaults() -> None:
    points = fixed_points(study(design={"type": "grid", "levels": {"tau": [0.9, 0.99]}}), "shared")
    assert [p.values for p in points[1:]] == [{"learning_rate": 0.03, "tau": t} for t in (0.9, 0.99)]


def test_one_at_a_time_moves_one_parameter_and_counts_the_defaults_once() -> None:
    levels = {"learning_rate": [0.01, 0.03, 0.05], "tau": [0.9, 0.95, 0.98]}
    points = fixed_points(study(design={"type": "one-at-a-time", "levels": levels}), "shared")
    default = {"learning_rate": 0.03, "tau": 0.95}
    moved = [{n: v for n, v in p.values.items() if v != default[n]} for p in points]
    assert moved == [{}, {"learning_rate": 0.01}, {"learning_rate": 0.05}, {"tau": 0.9}, {"tau": 0.98}]


@pytest.mark.parametrize("design", [{"type": "defaults"}, {"type": "search", "points": 5}])
def test_designs_that_know_the_defaults_alone(design: dict[str, Any]) -> None:
    assert [p.number for p in fixed_points(study(design=design), "shared")] == [0]
