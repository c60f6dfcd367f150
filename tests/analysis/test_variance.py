"""Variance components against published values, pingouin, nested loops and unbiasedness."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ssc_tune.analysis.estimators import variance

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

tables = hnp.arrays(
    np.float64,
    st.tuples(st.integers(3, 7), st.integers(2, 5)),
    elements=st.floats(-10, 10, allow_nan=False, width=32),
)


def iccs(found: variance.Components) -> tuple[float, float, float]:
    """ICC(1,1), ICC(A,1) and ICC(C,1) (McGraw and Wong, Psychological Methods 1, 1996) from mean squares."""
    within = found.ms_point + (found.num_seeds - 1) * found.ms_within
    total = found.var_point + found.var_seed + found.var_error
    consistency = found.var_point / (found.var_point + found.var_error)
    return (found.ms_point - found.ms_within) / within, found.var_point / total, consistency


def test_components_are_the_published_ones_of_shrout_and_fleiss() -> None:
    found = variance.components(SHROUT_FLEISS)
    assert (found.ms_point, found.ms_seed, found.ms_error) == pytest.approx((11.2417, 32.4861, 1.0194), abs=5e-5)
    assert (found.var_point, found.var_seed, found.var_error) == pytest.approx((2.5556, 5.2444, 1.0194), abs=5e-5)
    assert iccs(found) == pytest.approx((0.1657, 0.2898, 0.7148), abs=5e-5)


def test_iccs_agree_with_pingouin() -> None:
    import pingouin

    y = np.random.default_rng(3).normal(size=(9, 4)) + np.arange(9)[:, None]
    long = pd.DataFrame([(i, j, y[i, j]) for i in range(9) for j in range(4)], columns=["point", "seed", "y"])
    published = pingouin.intraclass_corr(long, targets="point", raters="seed", ratings="y")["ICC"].to_numpy()[:3]
    found = variance.components(y)
    assert iccs(found) == pytest.approx(tuple(published), abs=1e-6)


@given(tables)
def test_mean_squares_are_those_of_nested_loops(y: np.ndarray) -> None:
    num_points, num_seeds = y.shape
    mean = sum(y[i, j] for i in range(num_points) for j in range(num_seeds)) / y.size
    rows = [sum(y[i]) / num_seeds for i in range(num_points)]
    columns = [sum(y[:, j]) / num_points for j in range(num_seeds)]
    point = sum(num_seeds * (row - mean) ** 2 for row in rows) / (num_points - 1)
    seed = sum(num_points * (column - mean) ** 2 for column in columns) / (num_seeds - 1)
    error = within = 0.0
    for i in range(num_points):
        for j in range(num_seeds):
            error += (y[i, j] - rows[i] - columns[j] + mean) ** 2
            within += (y[i, j] - rows[i]) ** 2
    found = variance.components(y)
    expected = (point, seed, error / ((num_points - 1) * (num_seeds - 1)), within / (num_points * (num_seeds - 1)))
    assert (found.ms_point, found.ms_seed, found.ms_error, found.ms_within) == pytest.approx(
        expected, rel=1e-6, abs=1e-9
    )


@given(tables)
def test_left_out_variances_are_those_of_deleted_rows(y: np.ndarray) -> None:
    expected = [float(variance.point_variance(np.delete(y, i, axis=0))) for i in range(len(y))]
    assert variance.delete_one_point_variances(y) == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_estimates_are_unbiased_and_may_be_negative() -> None:
    rng = np.random.default_rng(0)
    size = (4000, 8, 3)
    y = 0.5 * rng.normal(size=(4000, 8, 1)) + 0.8 * rng.normal(size=(4000, 1, 3)) + rng.normal(size=size)
    estimates = variance.point_variance(y)
    assert estimates.mean() == pytest.approx(0.25, abs=4 * estimates.std() / 4000**0.5)
    assert (estimates < 0).any()
    nested = variance.point_variance(y, crossed=False)
    assert nested.mean() == pytest.approx(0.25 - 0.64 / 3, abs=0.03)  # a shared seed effect is taken for noise


def test_one_seed_leaves_the_noise_undefined() -> None:
    found = variance.components([[1.0], [2.0], [4.0]])
    assert found.ms_point == pytest.approx(7 / 3)
    assert np.isnan([found.ms_error, found.var_point]).all()


@pytest.mark.parametrize("y", [[1.0, 2.0], [[1.0, np.nan]], [[np.inf, 1.0]], np.empty((0, 3))])
def test_other_shapes_and_undefined_scores_are_refused(y: object) -> None:
    with pytest.raises(ValueError, match="scores must"):
        variance.components(y)


def test_equal_mean_squares_leave_no_visible_variance() -> None:
    """Coarse accuracies whose MS_point equals MS_error: what is left of the difference is rounding of either sign."""
    from fractions import Fraction

    rng, seen = np.random.default_rng(0), 0
    for _ in range(4000):
        counts = rng.integers(3, 6, size=(6, 3))
        exact = [[Fraction(int(c), 10) for c in row] for row in counts]
        rows = [sum(row) / 3 for row in exact]
        columns = [sum(row[j] for row in exact) / 6 for j in range(3)]
        grand = sum(rows) / 6
        point = 3 * sum((r - grand) ** 2 for r in rows) / 5
        error = sum((exact[i][j] - rows[i] - columns[j] + grand) ** 2 for i in range(6) for j in range(3)) / 10
        if point == error:
            seen += 1
            y = counts / 10
            assert not variance.visible(variance.point_variance(y), y)
    assert seen > 10
