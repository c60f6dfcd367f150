"""Failure rates of two methods: McNemar against statsmodels, the difference as the mean it is, and what is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as reference

from ssc_tune.analysis.analyze import analyze
from ssc_tune.analysis.estimators.crossed_shares import crossed_share_difference
from ssc_tune.analysis.estimators.failures import compare_failures, mcnemar
from ssc_tune.presentation.comparisons import table
from tests.making.tables import make_study, make_tables, surface


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_that_of_statsmodels(first: int, second: int) -> None:
    found = mcnemar(first, second)
    if first + second == 0:
        assert np.isnan(found)
    else:
        counts = [[5, first], [second, 7]]
        assert found == pytest.approx(reference(counts, exact=True).pvalue, rel=1e-9)
    assert np.isnan(found) or mcnemar(second, first) == found


def test_counts_and_rates_by_hand() -> None:
    first = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0]], dtype=bool)
    second = np.array([[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]], dtype=bool)
    found = compare_failures(first, second)
    assert (found.first_alone, found.second_alone) == (2, 1)
    assert found.difference.estimate == pytest.approx(3 / 12 - 2 / 12)
    assert found.mcnemar_p == 1.0
    other = compare_failures(second, first)
    assert other.difference.estimate == pytest.approx(-found.difference.estimate)
    assert other.difference.p_value == pytest.approx(found.difference.p_value)
    oracle = crossed_share_difference(first, second)
    assert (found.difference.low, found.difference.high) == pytest.approx((oracle.low, oracle.high))


def test_the_p_value_is_that_of_the_interval_that_just_reaches_no_difference() -> None:
    first = np.zeros((12, 3), dtype=bool)
    first[:9] = True
    found = compare_failures(first, np.zeros((12, 3), dtype=bool)).difference
    assert 0 < found.p_value < 0.01
    ends = crossed_share_difference(first, np.zeros((12, 3)), 1 - found.p_value)
    assert ends.low == pytest.approx(0, abs=1e-4)


def test_shapes_that_do_not_fit_are_refused() -> None:
    for first, second in ((np.ones((2, 2)), np.ones((2, 3))), (np.ones(3), np.ones(3)), (np.ones((0, 3)),) * 2):
        with pytest.raises(ValueError, match="one shape"):
            compare_failures(first, second)


def test_no_failure_is_no_comparison_and_equal_failures_have_no_p() -> None:
    study = make_study(points=8)
    smooth = surface(scale={"fixmatch": 0.1, "ssc": 0.1})
    (without,) = analyze(study, make_tables(study, smooth), num_bootstrap=20, explore=False).comparisons
    assert without.failures_alone is None
    assert without.failure_difference.value is None
    assert without.failure_difference.note == "no cell diverged or failed"
    assert not [row for row in table(study, without).rows if "fail" in row[0]]
    both = {(method, 2, 0): "diverged" for method in ("ssc", "fixmatch")}
    lost = make_tables(study, smooth, statuses=both)
    (alike,) = analyze(study, lost, num_bootstrap=20, explore=False).comparisons
    assert alike.failures_alone == (0, 0)
    assert alike.mcnemar_p is None
    assert alike.failure_difference.value == 0


def test_the_report_shows_both_tests() -> None:
    study = make_study(points=8)
    statuses = {("ssc", point, seed): "diverged" for point in (1, 4, 5) for seed in range(3)}
    statuses |= {("fixmatch", 1, 0): "failed", ("fixmatch", 2, 1): "missing"}
    tables = make_tables(study, surface(scale={"fixmatch": 0.1, "ssc": 0.1}), statuses=statuses)
    (found,) = analyze(study, tables, num_bootstrap=20, explore=False).comparisons
    assert found.failures_alone == (0, 8)  # at the seven points that both have complete
    assert found.mcnemar_p == pytest.approx(2 * 0.5**8)
    assert found.failure_difference.value == pytest.approx(1 / 21 - 9 / 21)
    rows: dict[str, Any] = {row[0]: row for row in table(study, found).rows}
    assert rows["cells that failed with one method alone"][2:] == ("0 of fixmatch, 8 of ssc", "0.008")
    assert rows["failure rate of fixmatch - failure rate of ssc"][2].startswith("-0.381 [")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "most_mcnemar", "most_t"), [("cells", 0.05, 0.05), ("points", 0.5, 0.07), ("seeds", 0.6, 0.06)]
)
def test_what_mcnemar_assumes(kind: str, most_mcnemar: float, most_t: float) -> None:
    """Two methods that fail alike, in 10% of cells: how often either test says that they do not, at the 5% level."""
    rng, num, shape = np.random.default_rng(0), 800, (2, 32, 3)
    wrong = np.zeros(2)
    for _ in range(num):
        if kind == "seeds":
            failed = rng.random(shape) < np.where(rng.random((2, 1, 3)) < 0.3, 0.3, 0.02)
        else:
            failed = np.broadcast_to(rng.random(shape if kind == "cells" else (2, 32, 1)) < 0.1, shape)
        found = compare_failures(failed[0], failed[1])
        wrong += found.mcnemar_p < 0.05, found.difference.p_value < 0.05
    mcnemar_rate, t_rate = wrong / num
    assert mcnemar_rate <= most_mcnemar
    assert t_rate <= most_t
    if kind != "cells":  # why both are shown
        assert mcnemar_rate > 0.15
