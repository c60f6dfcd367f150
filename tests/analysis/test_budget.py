"""Budget curves against enumeration of all subsets, closed forms and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssc_tune.analysis.estimators import budget


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


def test_held_out_best_is_the_mean_over_every_half_of_the_seeds() -> None:
    rng = np.random.default_rng(10)
    y, chooser = rng.random((6, 3)), np.round(rng.random((6, 3)), 1)
    for n in (1, 3, 6):
        found = []
        for size in (1, 2):
            for half in itertools.combinations(range(3), size):
                other = [j for j in range(3) if j not in half]
                by = np.round(chooser[:, half].mean(axis=1), 12)
                found.append(best_of_all_subsets(y[:, other].mean(axis=1), n, by))
        assert budget.held_out_best(y, n, choose_by=chooser) == pytest.approx(np.mean(found))
        assert budget.held_out_curve(y, choose_by=chooser)[n - 1] == pytest.approx(np.mean(found))


def test_held_out_best_needs_two_seeds_and_equal_shapes() -> None:
    with pytest.raises(ValueError, match="one seed"):
        budget.held_out_best([[0.1], [0.2]], 1)
    with pytest.raises(ValueError, match="shape"):
        budget.held_out_best(np.ones((3, 2)), 1, choose_by=np.ones((3, 3)))


def test_held_out_choice_does_not_reward_noise() -> None:
    """Best of 8 of 32 points, equal means and spread .02, noise .044 against .014, 3 seeds.

    True accuracy of the point that a mean over k seeds chooses: E[max of 8] sd^2 / sqrt(sd^2 + noise^2 / k).
    """
    rng, top = np.random.default_rng(0), 1.4236  # E[max of 8], tables of normal order statistics
    noise, spread, repeats = np.array([0.044, 0.014]), 0.02, 1500
    same, held = [], []
    for _ in range(repeats):
        f = 0.8 + spread * rng.standard_normal((2, 32, 1))
        y = f + noise[:, None, None] * rng.standard_normal((2, 32, 3))
        same.append(np.subtract(*(budget.expected_best(table, 8) for table in y)))
        held.append(np.subtract(*(budget.held_out_best(table, 8) for table in y)))

    def truth(seeds: int) -> float:
        by_method = top * spread**2 / np.sqrt(spread**2 + noise**2 / seeds)
        return float(by_method[0] - by_method[1])

    error = np.std(held) / math.sqrt(repeats)
    assert np.mean(same) > 0.012  # noise is rewarded where the same seeds choose and score
    assert truth(3) < -0.006
    assert np.mean(held) == pytest.approx((truth(1) + truth(2)) / 2, abs=4 * error)  # one or two of 3 seeds choose


def test_crossing_and_probability_hold_the_choice_out() -> None:
    """Two methods of pure noise: the noisier one's luck shows only where it is scored on the seeds that chose it."""
    rng = np.random.default_rng(12)
    leads, better = [], []
    for _ in range(60):
        loud, quiet = rng.normal(0, 1.0, (16, 4)), rng.normal(0, 0.01, (16, 4))
        leads.append(budget.crossing(loud, quiet).leader == "first")
        better.append(budget.probability_better(loud, quiet, 8))
    assert 0.3 < np.mean(leads) < 0.7
    assert np.mean(better) == pytest.approx(0.5, abs=0.1)
    one = rng.normal(0, 1.0, (16, 1)), rng.normal(0, 0.01, (16, 1))
    assert budget.crossing(*one).leader == "first"  # with one seed it cannot be held out
