"""Shapley shares of the variance: against every order of the parameters, closed forms, and the axioms."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

from ssc_tune.analysis.estimators import shapley, sobol, surrogate
from ssc_tune.analysis.estimators.surrogate import Surrogate


def fitted(function: Callable[[np.ndarray], np.ndarray], num_parameters: int, num_points: int = 160) -> Surrogate:
    """A surrogate of a function of the unit cube; values without noise would leave its integrals few digits."""
    rng = np.random.default_rng(0)
    x = rng.random((num_points, num_parameters))
    return surrogate.fit(x, function(x) + 0.01 * rng.standard_normal(num_points), rng=rng)


def conditional_variance(model: Surrogate, kept: tuple[int, ...]) -> float:
    """Var(E[f | x_S]) of the surrogate, with the integrals of its kernel taken one by one."""
    size = len(model.alpha)
    table = np.ones((size, size))
    means = np.ones(size)
    for d in range(len(model.groups)):
        at, weight = model.nodes(d)
        mean = weight @ at
        table *= (at.T * weight) @ at if d in kept else np.outer(mean, mean)
        means *= mean
    scale = (model.scale * model.kernel.amplitude) ** 2
    return scale * float(model.alpha @ table @ model.alpha - (means @ model.alpha) ** 2)


def over_all_orders(model: Surrogate) -> np.ndarray:
    """The mean over all orders of what a parameter adds when its turn comes."""
    size = len(model.groups)
    values = np.zeros(size)
    for order in itertools.permutations(range(size)):
        for place, i in enumerate(order):
            before = order[:place]
            values[i] += conditional_variance(model, (*before, i)) - conditional_variance(model, before)
    return values / math.factorial(size)


def product(x: np.ndarray) -> np.ndarray:
    """Interactions of every order, and a parameter that does nothing."""
    return np.asarray((x[:, 0] - 0.2) * (x[:, 1] + 0.1) * (1 + x[:, 2] ** 2))


@pytest.mark.parametrize("num_parameters", [1, 2, 4, 5])
def test_the_integral_over_one_variable_is_the_mean_over_all_orders(num_parameters: int) -> None:
    model = fitted(lambda x: np.sin(3 * x.sum(axis=1)) + x[:, 0] * x[:, -1], num_parameters, num_points=60)
    found = shapley.of_surrogate(model)
    expected = over_all_orders(model)
    assert found.values == pytest.approx(expected, rel=1e-6, abs=1e-8 * expected.sum())


def test_the_values_sum_to_the_variance_and_the_shares_to_one() -> None:
    model = fitted(product, 4)
    found = shapley.of_surrogate(model)
    assert found.variance == pytest.approx(conditional_variance(model, (0, 1, 2, 3)))
    assert found.values.sum() == pytest.approx(found.variance)
    assert found.shares.sum() == pytest.approx(1)


def test_a_parameter_that_does_nothing_gets_nothing_and_equal_ones_the_same() -> None:
    model = fitted(lambda x: (x[:, 0] - 0.5) * (x[:, 1] - 0.5) * 4 + x[:, 0] + x[:, 1], 3)
    shares = shapley.of_surrogate(model).shares
    assert shares[2] == pytest.approx(0, abs=1e-3)
    assert shares[0] == pytest.approx(shares[1], abs=0.01)


def test_without_interactions_they_are_the_first_order_shares() -> None:
    # 2 u + sin(2 pi v) / 3: variances 4 / 12 and 1 / 18.
    model = fitted(lambda x: 2 * x[:, 0] + np.sin(2 * np.pi * x[:, 1]) / 3, 2)
    shares = shapley.of_surrogate(model).shares
    total = 1 / 3 + 1 / 18
    assert shares == pytest.approx([1 / 3 / total, 1 / 18 / total], abs=0.01)
    assert shares == pytest.approx(sobol.shares(model, model.alpha[:, None]).first[:, 0], abs=0.005)


def ishigami(x: np.ndarray) -> np.ndarray:
    """With a = 7, b = 0.1, on the unit cube."""
    z = np.pi * (2 * x - 1)
    return np.asarray(np.sin(z[:, 0]) + 7 * np.sin(z[:, 1]) ** 2 + 0.1 * z[:, 2] ** 4 * np.sin(z[:, 0]))


def test_ishigami() -> None:
    # S1 = (0.3139, 0.4424, 0) and S13 = 0.2437, which the first and the third divide evenly.
    model = fitted(ishigami, 3, num_points=400)
    expected = [0.3139 + 0.2437 / 2, 0.4424, 0.2437 / 2]
    assert shapley.of_surrogate(model).shares == pytest.approx(expected, abs=0.02)


def test_a_share_lies_between_the_first_order_and_the_total_index() -> None:
    model = fitted(product, 4)
    indices = sobol.shares(model, model.alpha[:, None])
    shares = shapley.of_surrogate(model).shares
    assert (shares >= indices.first[:, 0] - 1e-9).all()
    assert (shares <= indices.total[:, 0] + 1e-9).all()


def test_choices_count_as_one_parameter() -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.random(90), (rng.integers(3, size=90) + 0.5) / 3])
    y = x[:, 0] + np.array([0.0, 0.5, 1.0])[(3 * x[:, 1]).astype(int)]
    model = surrogate.fit(x, y, categories={1: 3}, rng=rng)
    total = 1 / 12 + 1 / 6  # uniform, and three values half apart
    assert shapley.of_surrogate(model).shares == pytest.approx([1 / 12 / total, 1 / 6 / total], abs=0.02)


def test_no_variance_no_shares() -> None:
    assert np.isnan(shapley.Shapley(np.zeros(3), 0.0).shares).all()
