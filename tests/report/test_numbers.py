"""Numbers as text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.analysis.result import Estimate
from ssc_tune.presentation import numbers


@given(st.floats(-1e6, 1e6))
def test_a_number_reads_back_within_half_of_its_last_digit(value: float) -> None:
    assert abs(float(numbers.number(value)) - value) <= 0.5e-3 + 1e-9
    assert not numbers.number(value).startswith("-0.000")


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_undefined_is_never_a_number(value: float | None) -> None:
    assert numbers.number(value) == "undefined"
    assert numbers.signed(value) == "undefined"


def test_an_estimate_without_a_value_gives_its_reason() -> None:
    assert numbers.interval(Estimate(value=None, note="too few seeds")) == "undefined (too few seeds)"
    assert numbers.interval(Estimate(value=0.5)) == "0.500"
    assert numbers.interval(Estimate(value=0.5, low=0.4, high=0.61)) == "0.500 [0.400, 0.610]"


@pytest.mark.parametrize(
    ("value", "text"), [(0.42, "0.42 s"), (59.96, "60 s"), (185, "3 min 05 s"), (7620, "2 h 07 min")]
)
def test_durations(value: float, text: str) -> None:
    assert numbers.duration(value, measured=True) == text


@pytest.mark.parametrize(("value", "text"), [(12.4, "12 s"), (200, "3 min 20 s"), (3900, "1 h 5 min")])
def test_estimated_durations_are_whole(value: float, text: str) -> None:
    assert numbers.duration(value) == text


def test_numbers_are_written_as_they_are_asked_for() -> None:
    found = Estimate(value=0.0, low=-math.log(2), high=math.log(2))
    assert numbers.interval(found, how=numbers.exponential) == "1.00 [0.50, 2.00]"
    assert numbers.interval(Estimate(value=4.321e-5), how=numbers.significant) == "4.32e-05"


def test_p_values() -> None:
    assert [numbers.p_value(p) for p in (None, 0.0004, 0.0496)] == ["undefined", "< 0.001", "0.050"]
