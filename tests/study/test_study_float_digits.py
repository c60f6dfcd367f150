"""How many digits a drawn value keeps: always the same in ordinary ranges, more in narrow ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import qmc

from ssc_tune.design.cells import fixed_cells
from ssc_tune.study import FloatParameter, load_study
from ssc_tune.study.model.space import IntParameter, shown
from tests.making.files import BASE

UNITS = [float(u) for u in qmc.Sobol(1, seed=3).random_base2(6)[:, 0]]
STUDIES = Path(__file__).parents[2] / "studies"


def six_digits(p: FloatParameter, unit: float) -> float:
    """Six significant digits of the scale and twelve of 1 - value: the rounding that stored cells were drawn with."""
    ends = [1 - x if p.complement else x for x in (p.low, p.high)]
    start, end = (math.log(x) if p.log else x for x in ends)
    scaled = start + unit * (end - start)
    inner = float(f"{math.exp(scaled) if p.log else scaled:.6g}")
    value = float(f"{1 - inner:.12g}") if p.complement else inner
    return min(max(value, p.low), p.high)


def make(low: float, high: float, *, log: bool = False, complement: bool = False) -> FloatParameter:
    return FloatParameter(type="float", default=low, low=low, high=high, log=log, complement=complement)


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_cells_of_the_shipped_studies_keep_their_ids(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = load_study(path)
    now = [cell.cell_id for cell in fixed_cells(study)]
    monkeypatch.setattr(FloatParameter, "from_unit", six_digits)
    assert [cell.cell_id for cell in fixed_cells(study)] == now


def test_values_of_a_thousand_ordinary_ranges_stay_as_they_are() -> None:
    """Ordinary: high / low of 1.22 or more on a logarithmic scale, 19% of the largest value or more on a linear one."""
    rng = np.random.default_rng(0)
    for _ in range(1000):
        log, complement = rng.random(2) < 0.5
        scale = 10.0 ** rng.uniform(-6, 3)
        factor = 10.0 ** rng.uniform(math.log10(1.22), 4)
        low, high = (scale, scale * factor) if log else (scale * rng.uniform(-1, 0.81), scale)
        if complement:
            inner, factor = 10.0 ** rng.uniform(-3, 0), min(factor, 1000.0)
            low, high = 1 - inner, 1 - inner / factor
        parameter = make(float(low), float(high), log=bool(log), complement=bool(complement))
        for unit in rng.random(20):
            assert parameter.from_unit(float(unit)) == six_digits(parameter, float(unit))


@pytest.mark.parametrize(
    ("low", "high", "log", "complement"),
    [
        (0.999999, 0.9999999, False, False),
        (0.999999, 0.9999999, True, False),
        (0.999999, 0.9999999, True, True),
        (0.999999, 0.9999999, False, True),
        (1.0, 1.0 + 2e-9, False, False),
        (1.0, 1.0 + 2e-9, True, False),
        (1e-12, 1.00001e-12, False, True),
        (1e-12, 1.00001e-12, True, True),
        (1e6, 1e6 + 1, True, False),
        (-3.0000001, -3.0, False, False),
        (0.5, 1 - 1e-9, True, True),
    ],
)
def test_narrow_ranges_keep_the_digits_they_need(low: float, high: float, log: bool, complement: bool) -> None:
    parameter = make(low, high, log=log, complement=complement)
    values = [parameter.from_unit(unit) for unit in UNITS]
    assert len(set(values)) == 64
    assert all(low <= value <= high for value in values)
    for unit, value in zip(UNITS, values, strict=True):
        assert exact_unit(parameter, value) == pytest.approx(unit, abs=2.7e-5)
        assert parameter.to_unit(value) == pytest.approx(exact_unit(parameter, value), abs=1e-6)
    assert len({shown(parameter, value) for value in values}) > 40


def exact_unit(p: FloatParameter, value: float) -> float:
    """The position of a value by rational arithmetic, logarithms of ratios near 1 by their series."""
    low, high, at = (Fraction(x) for x in (p.low, p.high, value))
    if p.complement:
        low, high, at = 1 - low, 1 - high, 1 - at
    if not p.log:
        return float((at - low) / (high - low))
    return exact_log(at / low) / exact_log(high / low)


def exact_log(ratio: Fraction) -> float:
    x = ratio - 1
    if abs(x) > Fraction(1, 100):
        return math.log(ratio.numerator) - math.log(ratio.denominator)
    return float(sum((-1) ** (k + 1) * x**k / k for k in range(1, 9)))


@st.composite
def any_float(draw: st.DrawFn) -> FloatParameter:
    """Every valid parameter: ranges from 1e-12 of their level to many decades, on all four scales."""
    log, complement = draw(st.booleans()), draw(st.booleans())
    level = 10.0 ** draw(st.floats(-12, 12)) * (1 if log else draw(st.sampled_from([1, -1])))
    width = abs(level) * 10.0 ** draw(st.floats(-12, 6))
    low, high = level, level + width
    if complement and draw(st.booleans()):
        inner = 10.0 ** draw(st.floats(-12, 0))
        low, high = 1 - inner, 1 - inner / (1 + 10.0 ** draw(st.floats(-12, 6)))
    assume(low < high and (not log or (high < 1 if complement else low > 0)))
    try:
        return make(low, high, log=log, complement=complement)
    except ValidationError:
        inner = (1 - high) / (1 - low) if log and complement else 1.0
        assume((high - low) * inner > 1e-8 * max(abs(low), abs(high)))  # narrower ranges are refused, these never
        raise


@given(any_float(), st.floats(0, 1, exclude_max=True))
def test_any_float_goes_there_and_back(parameter: FloatParameter, unit: float) -> None:
    value = parameter.from_unit(unit)
    ordinary = value == six_digits(parameter, unit)
    assert parameter.low <= value <= parameter.high
    # Ordinary ranges have been drawn with six digits since the first study, and 2.6e-5 is the most that it costs.
    assert abs(parameter.to_unit(value) - unit) <= (2.7e-5 if ordinary else 2e-6)
    assert len({parameter.from_unit(u) for u in UNITS}) == 64


@pytest.mark.parametrize(
    ("low", "high", "log", "complement"),
    [
        (1.0, 1.0 + 1e-12, False, False),
        (1.0, 1.0 + 1e-12, True, False),
        (0.9, 1 - 1e-16, True, True),
        (5e-324, 1e-310, True, False),
    ],
)
def test_ranges_too_narrow_for_the_machine_are_refused(low: float, high: float, log: bool, complement: bool) -> None:
    with pytest.raises(ValidationError, match="choose limits that are further apart"):
        make(low, high, log=log, complement=complement)


def test_a_range_too_wide_for_the_machine_is_refused() -> None:
    with pytest.raises(ValidationError, match="too far apart"):
        make(-1e308, 1e308)


def test_limits_from_a_factor_keep_the_digits_they_need() -> None:
    near = FloatParameter(type="float", default=1 - 1e-8, factor=4, complement=True)
    assert (1 - near.low, 1 - near.high) == pytest.approx((4e-8, 2.5e-9), rel=1e-6)
    assert FloatParameter(type="float", default=0.03, factor=3).low == 0.01


def test_the_loader_refuses_a_narrow_range_in_words(problems: Callable[..., list[str]]) -> None:
    text = BASE.replace("default: 0.1, low: 0.03, high: 0.3", "default: 0.1, low: 0.1, high: 0.1000000000000001")
    (line,) = problems(text)
    assert line.startswith("s.yaml:8: search_space.parameters.temperature: floating-point numbers from low")


def test_values_are_shown_with_the_digits_that_tell_them_apart() -> None:
    assert shown(make(0.999999, 0.9999999), 0.9999995) == "0.9999995"
    assert shown(make(0.01, 0.09), 0.0312345) == "0.03123"
    assert shown(IntParameter(type="int", default=4, low=1, high=7), 4.0) == "4"
