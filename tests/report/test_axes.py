"""Axes on a parameter's own scale."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.report.figures import axes
from ssc_tune.study.model.space import ChoiceParameter, FloatParameter, IntParameter, Parameter

TAU = FloatParameter(type="float", default=0.95, low=0.6, high=0.99, log=True, complement=True)
RATE = FloatParameter(type="float", default=0.03, low=0.01, high=0.09, log=True)
MU = IntParameter(type="int", default=4, low=1, high=7)


@pytest.mark.parametrize("parameter", [TAU, RATE, MU])
def test_a_tick_stands_where_its_label_says(parameter: Parameter) -> None:
    places = axes.ticks(parameter)
    assert len(places) >= 3
    for position, label in places:
        assert position == pytest.approx(parameter.to_unit(float(label)), abs=1e-5)
        assert 0 <= position <= 1


def test_complement_positions_are_logarithms_of_the_rest() -> None:
    span = math.log(0.4) - math.log(0.01)
    for position, label in axes.ticks(TAU):
        assert position == pytest.approx((math.log(0.4) - math.log(1 - float(label))) / span, abs=1e-5)


@given(st.floats(1e-6, 1e6), st.floats(1.5, 1e4))
def test_every_logarithmic_range_has_ticks(low: float, factor: float) -> None:
    parameter = FloatParameter(type="float", default=low, low=low, high=low * factor, log=True)
    assert 2 <= len(axes.ticks(parameter)) <= axes.MAX_TICKS + 2


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_every_linear_range_has_ticks(low: float, width: float) -> None:
    parameter = FloatParameter(type="float", default=low, low=low, high=low + width)
    assert 2 <= len(axes.ticks(parameter)) <= axes.MAX_TICKS + 2


def test_choices_are_all_labelled_in_order() -> None:
    parameter = ChoiceParameter(type="choice", default="b", choices=("a", "b", "c"))
    assert axes.ticks(parameter) == [
        (pytest.approx(1 / 6, abs=1e-6), "a"), (0.5, "b"), (pytest.approx(5 / 6, abs=1e-6), "c")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "parameter", "title"),
    [("tau", TAU, "tau (log scale of 1 - tau)"), ("lr", RATE, "lr (log scale)"), ("mu", MU, "mu")],
)
def test_titles_name_the_scale(name: str, parameter: Parameter, title: str) -> None:
    assert axes.title(name, parameter) == title
