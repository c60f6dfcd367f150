"""Measures of spread against closed forms and numpy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ssc_tune.analysis.estimators import spread

GRID = (np.arange(200_000) + 0.5) / 200_000


@pytest.mark.parametrize(
    ("values", "fraction", "expected"),
    [
        (stats.norm.ppf(GRID), 0.1, -1.7550),
        (stats.norm.ppf(GRID), 0.25, -1.2711),
        (GRID, 0.1, 0.05),
        (GRID, 1.0, 0.5),
    ],
)
def test_cvar_of_known_distributions(values: np.ndarray, fraction: float, expected: float) -> None:
    assert spread.cvar(np.random.default_rng(0).permutation(values), fraction) == pytest.approx(expected, abs=1e-4)


def test_cvar_weighs_the_last_value_by_what_is_left() -> None:
    # 10% of 15 points is 1.5 points: the worst and half of the next.
    values = [9.0] * 13 + [1.0, 4.0]
    assert spread.cvar(values) == pytest.approx((1 + 0.5 * 4) / 1.5)
    assert spread.cvar([3.0, 1.0, 2.0]) == 1.0


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.floats(0.01, 1))
def test_cvar_lies_between_the_worst_and_the_mean(values: list[float], fraction: float) -> None:
    assert min(values) - 1e-9 <= spread.cvar(values, fraction) <= np.mean(values) + 1e-9


def test_quantile_measures_of_a_uniform_grid() -> None:
    assert spread.iqr(GRID) == pytest.approx(0.5, abs=1e-5)
    assert spread.range(GRID) == pytest.approx(1, abs=1e-5)
    assert spread.worst(GRID) == pytest.approx(0, abs=1e-5)


def test_corrected_std_takes_the_noise_out_exactly() -> None:
    # Point effects with variance 5/3; errors +-1 orthogonal to points and seeds, MS_error = 8/3.
    point = np.array([-1.5, -0.5, 0.5, 1.5])[:, None]
    error = np.array([[1, -1], [-1, 1], [-1, 1], [1, -1]])
    y = 0.7 + point + error
    assert spread.corrected_std(y) == pytest.approx(math.sqrt(5 / 3 - 8 / 3 / 2))
    assert spread.uncorrected_std(y) == pytest.approx(math.sqrt(5 / 3))


def test_corrected_std_is_undefined_without_replicates_and_below_the_noise() -> None:
    assert math.isnan(spread.corrected_std([[1.0], [2.0], [3.0]]))
    assert math.isnan(spread.corrected_std([[1.0, -1.0], [-1.0, 1.0], [0.0, 0.0]]))
    assert spread.corrected_std([[1.0, 1.0], [1.0, 1.0]]) == 0


def test_denoised_means_have_the_corrected_variance() -> None:
    rng = np.random.default_rng(5)
    y = rng.normal(size=(40, 1)) + 0.7 * rng.normal(size=(40, 3))
    means = spread.denoised_means(y)
    assert means.std(ddof=1) == pytest.approx(spread.corrected_std(y))
    assert means.mean() == pytest.approx(y.mean())
    assert (np.argsort(means) == np.argsort(y.mean(axis=1))).all()


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.1])
def test_a_fraction_outside_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="fraction"):
        spread.cvar([1.0, 2.0], fraction)


@pytest.mark.parametrize("values", [[], [[1.0]], [math.nan]])
def test_what_is_no_vector_is_refused(values: object) -> None:
    with pytest.raises(ValueError, match="vector"):
        spread.iqr(values)
