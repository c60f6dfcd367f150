"""The parameters' maps between values and the unit interval."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.study import ChoiceParameter, FloatParameter, IntParameter

UNIT = st.floats(0, 1, exclude_max=True)


@given(UNIT, st.booleans(), st.booleans())
def test_floats_go_there_and_back(unit: float, log: bool, complement: bool) -> None:
    parameter = FloatParameter(type="float", default=0.5, low=0.1, high=0.9, log=log, complement=complement)
    value = parameter.from_unit(unit)
    assert 0.1 <= value <= 0.9
    assert parameter.to_unit(value) == pytest.approx(unit, abs=1e-5)


def test_float_scales_by_hand() -> None:
    linear = FloatParameter(type="float", default=2, low=1, high=100)
    assert linear.from_unit(0.5) == 50.5
    log = FloatParameter(type="float", default=2, low=1, high=100, log=True)
    assert log.from_unit(0.5) == 10
    tau = FloatParameter(type="float", default=0.95, low=0.6, high=0.99, log=True, complement=True)
    assert tau.from_unit(0.5) == pytest.approx(1 - math.sqrt(0.4 * 0.01), abs=1e-6)
    assert tau.from_unit(0) == 0.6


@given(st.integers(1, 50), st.integers(1, 50), st.booleans())
def test_every_whole_number_has_a_bin_and_its_centre_lies_in_it(low: int, width: int, log: bool) -> None:
    parameter = IntParameter(type="int", default=low, low=low, high=low + width, log=log)
    for value in range(low, low + width + 1):
        assert parameter.from_unit(parameter.to_unit(value)) == value
    assert parameter.from_unit(0) == low
    assert parameter.from_unit(math.nextafter(1, 0)) == low + width


def test_bins_of_whole_numbers_are_equally_wide() -> None:
    parameter = IntParameter(type="int", default=1, low=1, high=4)
    assert [parameter.from_unit((i + 0.5) / 8) for i in range(8)] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_choices_have_equal_shares() -> None:
    parameter = ChoiceParameter(type="choice", default="a", choices=("a", "b", "c"))
    assert [parameter.from_unit((i + 0.5) / 6) for i in range(6)] == ["a", "a", "b", "b", "c", "c"]
    assert [parameter.from_unit(parameter.to_unit(choice)) for choice in "abc"] == ["a", "b", "c"]
