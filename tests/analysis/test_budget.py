"""Budget curves against enumeration of all subsets, closed forms and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssc_tune.analysis import budget


def best_of_all_subsets(values: np.ndarray, n: int, choose_by: np.ndarray) -> float:
    """Ties in the chooser shared evenly."""
    found = []
    for subset in itertools.combinations(range(len(values)), n):
        top = max(choose_by[i] for i in subset)
        tied = [values[i] for i in subset if choose_by[i] == top]
        found.append(sum(tied) / len(tied))
    return sum(found) / len(found)


def test_reference_values() -> None:
    y = [0.2, 0.4, 0.6, 0.8, 1.0]
    np.testing.assert_allclose(budget.expected_best_curve(y), [0.6, 0.8, 0.9, 0.96, 1.0])
    assert [budget.expected_best(y, n) for n in (1, 3, 5)] == pytest.approx([0.6, 0.9, 1.0])


def test_uniform_scores_give_n_over_n_plus_1() -> None:
    rng = np.random.default_rng(0)
    found = np.mean([budget.expected_best(rng.random(64), 16) for _ in range(2000)])
    assert found == pytest.approx(16 / 17, abs=0.002)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 2)), min_size=1, max_size=7),
    st.data(),
)
def test_equals_the_mean_over_all_subsets(pairs: list[tuple[int, int]], data: st.DataObject) -> None:
    values, chooser = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    n = data.draw(st.integers(1, len(values)))
    assert budget.expected_best(values, n) == pytest.approx(best_of_all_subsets(values, n, values))
    oracle = best_of_all_subsets(values, n, chooser)
    assert budget.expected_best(values, n, choose_by=chooser) == pytest.approx(oracle)
    assert budget.weights(len(values), n).sum() == pytest.approx(1)


def test_choosing_on_validation_reports_test() -> None:
    rng = np.random.default_rng(4)
    y, chooser = rng.random(7), rng.permutation(7).astype(float)
    for n in range(1, 8):
        assert budget.expected_best(y, n, choose_by=chooser) == pytest.approx(best_of_all_subsets(y, n, chooser))
    assert budget.expected_best(y, 7, choose_by=chooser) == pytest.approx(y[chooser.argmax()])


def test_tied_choosers_share_their_scores() -> None:
    assert budget.expected_best([0.2, 0.8], 2, choose_by=[1.0, 1.0]) == pytest.approx(0.5)


def test_seeds_are_averaged_first() -> None:
    y = np.array([[0.0, 1.0], [0.4, 0.2]])
    assert budget.expected_best(y, 2) == pytest.approx(0.5)


@pytest.mark.parametrize("n", [0, 4, -1])
def test_budget_out_of_range_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.3"):
        budget.expected_best([0.1, 0.2, 0.3], n)


@pytest.mark.parametrize("paired", [True, False])
def test_probability_better_counts_subsets(paired: bool) -> None:
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 5, size=(2, 6)) / 5
    va, vb = rng.random((2, 6))
    for n in (1, 2, 3, 6):
        subsets = list(itertools.combinations(range(6), n))
        pairs = zip(subsets, subsets, strict=True) if paired else itertools.product(subsets, subsets)
        scores = []
        for s, t in pairs:
            first, second = a[max(s, key=lambda i: va[i])], b[max(t, key=lambda i: vb[i])]
            scores.append(0.5 if first == second else float(first > second))
        found = budget.probability_better(a, b, n, first_choose_by=va, second_choose_by=vb, paired=paired)
        assert found == pytest.approx(sum(scores) / len(scores))


def test_probability_better_of_equal_methods_is_a_half() -> None:
    y = np.random.default_rng(0).random((40, 3))
    for n in (1, 5, 40):
        assert budget.probability_better(y, y, n) == pytest.approx(0.5)


def test_crossing_of_a_steady_and_a_spread_method() -> None:
    rng = np.random.default_rng(1)
    steady, spread = 0.8 + 0.001 * rng.random(50), rng.random(50)
    found = budget.crossing(spread, steady)
    a, b = budget.expected_best_curve(spread), budget.expected_best_curve(steady)
    assert found.leader == "first"
    assert found.n is not None
    assert found.n > 1
    assert (a[found.n - 1 :] > b[found.n - 1 :]).all()
    assert a[found.n - 2] <= b[found.n - 2]
    assert budget.crossing(steady + 1, spread) == ("first", 1, "")
    level = budget.crossing(steady, steady)
    assert (level.leader, level.n) == (None, None)
    assert level.reason


def test_cdf_band_holds_for_the_whole_function() -> None:
    rng = np.random.default_rng(2)
    low, high = budget.cdf_band(20)
    uniform = np.sort(rng.random((4000, 20)), axis=1)  # F(y_(i)) of any continuous F
    inside = ((uniform >= low[1:]) & (uniform <= high[:-1])).all(axis=1)
    assert inside.mean() == pytest.approx(0.95, abs=0.015)


def test_exact_band_covers_all_budgets_together() -> None:
    rng = np.random.default_rng(3)
    truth = np.arange(1, 17) / np.arange(2, 18)
    bands = [budget.exact_band(rng.random(16)) for _ in range(300)]
    covered = [((band.low <= truth) & (truth <= band.high)).all() for band in bands]
    assert np.mean(covered) >= 0.95
    assert all(
        (band.low <= band.expected + 1e-12).all() and (band.expected <= band.high + 1e-12).all() for band in bands
    )


def test_exact_band_refuses_values_outside_the_support() -> None:
    with pytest.raises(ValueError, match="must lie in"):
        budget.exact_band([0.5, 1.5])


def test_jackknife_band_covers_while_n_is_small() -> None:
    rng = np.random.default_rng(5)
    truth = {1: 0.5, 2: 2 / 3, 4: 4 / 5}
    bands = [budget.jackknife_band(rng.random(32), max_n=4) for _ in range(400)]
    for n, value in truth.items():
        covered = np.mean([band.low[n - 1] <= value <= band.high[n - 1] for band in bands])
        assert 0.90 <= covered <= 0.99


def test_jackknife_of_a_budget_of_one_is_the_t_interval() -> None:
    from scipy import stats

    y = np.random.default_rng(6).random(12)
    band = budget.jackknife_band(y, max_n=1)
    oracle = stats.ttest_1samp(y, 0).confidence_interval()
    assert (band.low[0], band.high[0]) == pytest.approx((oracle.low, oracle.high))


def test_tunability_of_pure_noise_is_nothing() -> None:
    rng = np.random.default_rng(8)
    found, naive = [], []
    for _ in range(150):
        y, default = rng.normal(size=(16, 2)), rng.normal(size=2)
        found.append(budget.tunability(y, default, 8).value)
        naive.append(budget.expected_best(y, 8) - default.mean())
    assert np.mean(found) == pytest.approx(0, abs=0.25)
    assert np.mean(naive) > 0.7


def test_tunability_of_noiseless_scores_is_exact() -> None:
    y = np.repeat(np.array([[0.2], [0.4], [0.6], [0.8], [1.0]]), 3, axis=1)
    found = budget.tunability(y, [0.5, 0.5, 0.5], 2)
    assert found.value == pytest.approx(0.3)
    assert found.low < 0.3 < found.high


def test_tunability_says_why_it_is_undefined() -> None:
    one = budget.tunability([[0.1], [0.2]], [0.1], 1)
    assert math.isnan(one.value)
    assert "one seed" in one.reason
    two = budget.tunability([[0.1, 0.2], [0.2, 0.3], [0.1, 0.1]], [0.1, 0.1], 2)
    assert math.isfinite(two.value)
    assert math.isnan(two.low)
    assert "3 seeds" in two.reason
    with pytest.raises(ValueError, match="do not agree"):
        budget.tunability([[0.1, 0.2]], [0.1], 1)
