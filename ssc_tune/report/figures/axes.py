"""Axes over a parameter's own scale: positions in [0, 1], labelled with values."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from ssc_tune.analysis.result import as_ratio
from ssc_tune.study.model.space import ChoiceParameter, FloatParameter, IntParameter, Parameter, shown

MAX_TICKS = 6


def title(name: str, parameter: Parameter) -> str:
    """The name with its scale: ``tau (log scale of 1 - tau)``."""
    if isinstance(parameter, FloatParameter) and parameter.complement:
        return f"{name} (log scale of 1 - {name})" if parameter.log else name
    if not isinstance(parameter, ChoiceParameter) and parameter.log:
        return f"{name} (log scale)"
    return name


def ticks(parameter: Parameter) -> list[tuple[float, str]]:
    """Positions in [0, 1] with their labels: round numbers of the parameter's scale, or its choices."""
    if isinstance(parameter, ChoiceParameter):
        return [(round(parameter.to_unit(choice), 6), str(choice)) for choice in parameter.choices]
    values = _values(parameter)
    if len(values) > MAX_TICKS + 2:
        values = values[:: -(-len(values) // MAX_TICKS)]
    return [(round(parameter.to_unit(value), 6), shown(parameter, value, 6)) for value in values]


def round_values(low: float, high: float, *, log: bool = False) -> list[float]:
    """Round numbers between two ends, about three to six; on a log scale both ends are positive."""
    return _round_log(low, high) if log else _round_linear(low, high)


def effect_ticks(low: float, high: float, *, ratio: bool) -> list[tuple[float, str]]:
    """Places with their labels on an axis of effects: logarithms of ratios are labelled with the ratios."""
    if not ratio:
        return [(v, f"{v:g}") for v in round_values(low, high)]
    within_reach = as_ratio(max(low, -700.0)), as_ratio(high)
    return [(math.log(v), f"{v:g}") for v in round_values(*within_reach, log=True) if v > 0]


def axis(name: str, parameter: Parameter) -> alt.Axis:
    """An axis on [0, 1] that reads as the parameter's values."""
    is_choice = isinstance(parameter, ChoiceParameter)
    places = [(position, _clip(text)) for position, text in ticks(parameter)]
    angle = -30 if is_choice and sum(len(text) for _, text in places) > 32 else 0
    return alt.Axis(title=title(name, parameter), labelAngle=angle, labelOverlap=not is_choice, **labelled(places))


def labelled(places: Sequence[tuple[float, str]]) -> dict[str, Any]:
    """Of an axis: ticks at these positions with these labels."""
    positions, labels = [p for p, _ in places], [text for _, text in places]
    expression = f"{json.dumps(labels)}[indexof({json.dumps(positions)}, datum.value)]"
    return {"values": positions, "labelExpr": expression}


def x(field: str, name: str, parameter: Parameter) -> alt.X:
    """The x encoding of a field that holds positions of a parameter."""
    margin = 0.0 if isinstance(parameter, ChoiceParameter) else 0.03
    return alt.X(
        f"{field}:Q", axis=axis(name, parameter), scale=alt.Scale(domain=[-margin, 1 + margin], zero=False, nice=False)
    )


def _clip(text: str) -> str:
    return text if len(text) <= 16 else text[:15] + "…"


def _values(parameter: FloatParameter | IntParameter) -> list[float]:
    if isinstance(parameter, FloatParameter) and parameter.complement:
        low, high = 1 - parameter.high, 1 - parameter.low
        return sorted(float(f"{1 - value:.15g}") for value in round_values(low, high, log=parameter.log))
    low, high = float(parameter.low), float(parameter.high)
    if isinstance(parameter, IntParameter) and high - low < MAX_TICKS + 2:
        return [low + k for k in range(int(high - low) + 1)]
    found = round_values(low, high, log=parameter.log)
    return sorted({float(round(v)) for v in found}) if isinstance(parameter, IntParameter) else found


def _round_log(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,), (1, 1.5, 2, 3, 5, 7)):
        found = [float(f"{step * 10.0**k:.6g}") for k in decades for step in steps]
        inside = [v for v in found if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
        if 3 <= len(inside) <= MAX_TICKS:
            return inside
    return _round_linear(low, high)


def _round_linear(low: float, high: float) -> list[float]:
    rough = (high - low) / 4
    scale = 10 ** math.floor(math.log10(rough))
    step = next(s * scale for s in (1, 2, 2.5, 5, 10) if s * scale >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [float(f"{k * step:.15g}") for k in range(first, math.floor(high / step + 1e-9) + 1)]
