"""Adjusted p-values against the reference and their definitions."""

import gc
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from ssc_tune.analysis.estimators import multiplicity

P_VALUES = [0.01, 0.04, 0.03, 0.005]


def test_reference_values() -> None:
    assert multiplicity.holm(P_VALUES) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_by_its_definition(p_values: list[float]) -> None:
    order = np.argsort(p_values, kind="stable")
    expected, largest = np.empty(len(p_values)), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        expected[index] = largest
    assert multiplicity.holm(p_values) == pytest.approx(expected)


@settings(max_examples=10)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_statsmodels_agrees(p_values: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "collect", lambda: 0)  # which it calls each time: long in a process of many tests
        reference = multipletests(p_values, method="holm")[1]
    assert multiplicity.holm(p_values) == pytest.approx(reference)


def test_an_undefined_claim_still_counts_in_the_family() -> None:
    adjusted = multiplicity.holm([0.01, None, math.nan])
    assert adjusted[0] == pytest.approx(0.03)
    assert np.isnan(adjusted[1:]).all()
    assert len(multiplicity.holm([])) == 0


@pytest.mark.parametrize("p_value", [-0.1, 1.1])
def test_what_is_no_p_value_is_refused(p_value: float) -> None:
    with pytest.raises(ValueError, match="p-values"):
        multiplicity.holm([0.5, p_value])
