"""The greedy path between two points and the Shapley values of its gain: by hand, by all orders, and the axioms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.analysis.estimators import ablation


def linear(weights: list[float]) -> ablation.Predict:
    """The weighted sum of the parameters."""
    return lambda x: np.asarray(x @ np.array(weights))


def test_a_linear_function_takes_the_largest_gain_first() -> None:
    found = ablation.path(linear([1.0, 3.0, -2.0, 0.5]), np.zeros(4), np.array([1.0, 1.0, 1.0, 0.0]))
    assert found.start == 0
    assert found.steps == ((1, 3.0), (0, 4.0), (2, 2.0))


def test_a_change_that_pays_only_after_another_waits_for_it() -> None:
    # f(a, b, c): b alone costs, with a it is worth most; by hand 0 -> a 1 -> b 5 -> c 4.
    values = {(0, 0, 0): 0, (1, 0, 0): 1, (0, 1, 0): -1, (0, 0, 1): 0.5, (1, 1, 0): 5, (1, 0, 1): 2, (0, 1, 1): 0}
    values[1, 1, 1] = 4

    def predict(x: np.ndarray) -> np.ndarray:
        return np.array([values[tuple(int(v) for v in row)] for row in x], dtype=float)

    found = ablation.path(predict, np.zeros(3), np.ones(3))
    assert found.steps == ((0, 1.0), (1, 5.0), (2, 4.0))


def test_of_equal_predictions_the_earlier_parameter_goes_first() -> None:
    found = ablation.path(linear([1.0, 1.0]), np.zeros(2), np.ones(2))
    assert [step.parameter for step in found.steps] == [0, 1]


def test_from_a_point_to_itself_there_is_no_step() -> None:
    assert ablation.path(linear([1.0]), np.array([0.3]), np.array([0.3])).steps == ()
    assert ablation.shapley(linear([1.0]), np.array([0.3]), np.array([0.3])) == pytest.approx([0])


def test_a_linear_functions_gains_are_shared_as_they_are() -> None:
    found = ablation.shapley(linear([1.0, 3.0, -2.0]), np.array([0.0, 0.5, 0.2]), np.array([1.0, 0.0, 0.2]))
    assert found == pytest.approx([1.0, -1.5, 0.0])


def test_an_interaction_is_divided_evenly() -> None:
    found = ablation.shapley(lambda x: x[:, 0] * x[:, 1] + 0 * x[:, 2], np.zeros(3), np.array([2.0, 3.0, 1.0]))
    assert found == pytest.approx([3.0, 3.0, 0.0])


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_the_values_are_means_over_all_orders_and_sum_to_the_gain(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mixing, first, last = rng.standard_normal((size, 3)), rng.random(size), rng.random(size)

    def predict(x: np.ndarray) -> np.ndarray:
        return np.asarray(np.sin(2 * x @ mixing).prod(axis=1))

    expected = np.zeros(size)
    for order in itertools.permutations(range(size)):
        here = first.copy()
        for i in order:
            before = float(predict(here[None])[0])
            here[i] = last[i]
            expected[i] += float(predict(here[None])[0]) - before
    found = ablation.shapley(predict, first, last)
    assert found == pytest.approx(expected / math.factorial(size), abs=1e-12)
    assert found.sum() == pytest.approx(float(np.diff(predict(np.stack([first, last])))[0]), abs=1e-12)


def test_orders_of_too_many_changes_are_not_counted() -> None:
    with pytest.raises(ValueError, match="11 parameters change; orders are counted for up to 10"):
        ablation.shapley(linear([1.0] * 11), np.zeros(11), np.ones(11))
    assert len(ablation.path(linear([1.0] * 11), np.zeros(11), np.ones(11)).steps) == 11
