"""The search space: parameters, and their maps to and from the unit interval.

A parameter's own scale decides what "uniform" means for it: linear, logarithmic (``log``), or logarithmic in
1 - value (``complement``, with ``log``; the scale of a confidence threshold near 1).
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, TypeGuard

from pydantic import Field, model_validator

from ssc_tune.frozen import Frozen

Value = bool | int | float | str

_COARSEST = 2.6e-5
"""The most that rounding to six digits may move a point, as a share of its range, before digits are added. It holds for
10% either way of any value, so that no ordinary range draws other values, and new cells, than it did before."""
_FINEST = 2e-7
"""The widest spacing of floating-point numbers that a range may have, as a share of it."""


class _Parameter(Frozen):
    applies_to: tuple[str, ...] | None = Field(None, description="Methods that have it; all when absent.")
    reason: str = Field("", description="Why this range; shown in the report.")

    def applies(self, method: str) -> bool:
        """Whether a method has this parameter."""
        return self.applies_to is None or method in self.applies_to


class FloatParameter(_Parameter):
    """A real number between ``low`` and ``high``, or within ``factor`` of its default either way."""

    type: Literal["float"]
    default: float = Field(description="Value outside the blocks that vary it, and that of point 0.")
    low: float = Field(description="Smallest value; with a factor, default / factor and left out.")
    high: float = Field(description="Largest value; with a factor, default * factor and left out.")
    log: bool = Field(False, description="Uniform in the logarithm.")
    complement: bool = Field(False, description="The scale is that of 1 - value.")
    factor: Annotated[float, Field(gt=1)] | None = Field(
        None, description="Range as a factor around the default (for complement, around 1 - default), log-uniform."
    )

    @model_validator(mode="before")
    @classmethod
    def _expand_factor(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        factor, default = data.get("factor"), data.get("default")
        if not _is_number(factor) or not _is_number(default):
            return data
        if factor <= 1 or default <= 0 or (data.get("complement") and default >= 1):
            raise ValueError("factor must be greater than 1, and the default (with complement, 1 - default) positive")
        limits = (1 - (1 - default) * factor, 1 - (1 - default) / factor)
        if not data.get("complement"):
            limits = (default / factor, default * factor)
        low, high = (_limit(float(limit), complement=bool(data.get("complement"))) for limit in limits)
        if data.get("low", low) != low or data.get("high", high) != high:
            raise ValueError("give either factor, or low and high")
        return {**data, "low": low, "high": high, "log": True}

    @model_validator(mode="after")
    def _ordered(self) -> FloatParameter:
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be less than high ({self.high})")
        if not self.low <= self.default <= self.high:
            raise ValueError(f"default ({self.default}) must lie in [{self.low}, {self.high}]")
        if self.log and not self.complement and self.low <= 0:
            raise ValueError(f"low ({self.low}) must be positive on a log scale")
        if self.log and self.complement and self.high >= 1:
            raise ValueError(f"high ({self.high}) must be less than 1 on the log scale of 1 - value")
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"low ({self.low}) and high ({self.high}) are too far apart for a floating-point number")
        if self._spacing > _FINEST:
            raise ValueError(
                f"floating-point numbers from low ({self.low}) to high ({self.high}) lie up to {self._spacing:.1g} of "
                f"the range apart, more than {_FINEST:g}; choose limits that are further apart"
                + (", or further from 1" if self.complement else "")
            )
        return self

    def _scaled(self, value: float) -> float:
        inner = 1 - value if self.complement else value
        return math.log(inner) if self.log else inner

    @property
    def _slope(self) -> float:
        """Largest share of the range, on the parameter's scale, that a unit step of the value is worth."""
        if not self.log:
            return 1 / (self.high - self.low)
        least = 1 - self.high if self.complement else self.low
        return 1 / (least * abs(self._scaled_exactly(self.high)))

    @property
    def _spacing(self) -> float:
        """Largest distance between neighbouring floating-point numbers, as a share of the range on the scale."""
        if self.log and not self.complement:  # the spacing is relative, and so is the scale
            return max(math.ulp(1.0), math.ulp(self.low) / self.low) / self._scaled_exactly(self.high)
        return math.ulp(max(abs(self.low), abs(self.high))) * self._slope

    @property
    def _decimals(self) -> int | None:
        """Decimals that a drawn value is rounded to; none where six significant digits of its scale are enough.

        They are enough where they move a point by at most 2.6e-5 of the range: then the values are those that they
        have always been. Otherwise it is the fewest decimals that move it by at most 1e-6.
        """
        if self._coarseness() <= _COARSEST:
            return None
        return math.ceil(math.log10(0.5e6 * self._slope))

    def _coarseness(self) -> float:
        """The most that six significant digits of the scale move a point, as a share of the range on the scale."""
        ends = (1 - self.low, 1 - self.high) if self.complement else (self.low, self.high)
        least, most = sorted(map(abs, ends))
        if not self.log:
            moved = _half_digit(most, 6) * self._slope
        else:  # the leading digit 1 is rounded worst
            exponent = math.ceil(math.log10(least))
            worst = 10.0**exponent if 10.0**exponent <= most else least
            moved = _half_digit(worst * (1 + 1e-12), 6) / worst / abs(self._scaled_exactly(self.high))
        if self.complement:
            moved += _half_digit(max(abs(self.low), abs(self.high)), 12) * self._slope
        return moved

    def _scaled_exactly(self, value: float) -> float:
        """Distance of ``value`` from ``low`` on the scale, without the cancellation of close numbers."""
        if not self.log:
            return value - self.low
        if self.complement:
            return math.log1p(-value) - math.log1p(-self.low)
        return math.log1p((value - self.low) / self.low)

    def to_unit(self, value: Value) -> float:
        """Position of ``value`` in [0, 1] on the parameter's scale; 0 at ``low``, 1 at ``high``."""
        if self._decimals is not None:
            return self._scaled_exactly(float(value)) / self._scaled_exactly(self.high)
        start, end = self._scaled(self.low), self._scaled(self.high)
        return (self._scaled(float(value)) - start) / (end - start)

    def from_unit(self, unit: float) -> float:
        """The value at position ``unit`` in [0, 1).

        Rounded to 6 significant digits of its scale (and 12 of 1 - value for a complement), which moves a point by at
        most 2.6e-5 of the range and mostly by less than 2e-6; where the range is too narrow for that, to as many
        decimals as move it by at most 1e-6.
        """
        if self._decimals is not None:
            value = round(self._value_at(unit), self._decimals)
        else:
            start, end = self._scaled(self.low), self._scaled(self.high)
            scaled = start + unit * (end - start)
            inner = math.exp(scaled) if self.log else scaled
            inner = float(f"{inner:.6g}")
            value = float(f"{1 - inner:.12g}") if self.complement else inner
        return min(max(value, self.low), self.high)

    def _value_at(self, unit: float) -> float:
        """The inverse of :meth:`_scaled_exactly` at a share of the range."""
        scaled = unit * self._scaled_exactly(self.high)
        if not self.log:
            return self.low + scaled
        if self.complement:
            return -math.expm1(math.log1p(-self.low) + scaled)
        return self.low * math.exp(scaled)


def _half_digit(value: float, digits: int) -> float:
    """Half a unit of the last of so many significant digits of ``value``: the most that rounding changes it."""
    return 0.5 * 10.0 ** (math.ceil(math.log10(value)) - digits) if value > 0 else 0.0


def _limit(exact: float, *, complement: bool) -> float:
    """A limit with 12 significant digits, or more where those move it by over a millionth of its scale."""
    inner = abs(1 - exact if complement else exact)
    rounded = (float(f"{exact:.{digits}g}") for digits in range(12, 17))
    return next((limit for limit in rounded if abs(limit - exact) <= 1e-6 * inner), exact)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


class IntParameter(_Parameter):
    """A whole number from ``low`` to ``high``, both included."""

    type: Literal["int"]
    default: int = Field(description="Value outside the blocks that vary it, and that of point 0.")
    low: int = Field(description="Smallest value.")
    high: int = Field(description="Largest value.")
    log: bool = Field(False, description="Uniform in the logarithm.")

    @model_validator(mode="after")
    def _ordered(self) -> IntParameter:
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be less than high ({self.high})")
        if not self.low <= self.default <= self.high:
            raise ValueError(f"default ({self.default}) must lie in [{self.low}, {self.high}]")
        if self.log and self.low <= 0:
            raise ValueError(f"low ({self.low}) must be positive on a log scale")
        return self

    def _edges(self) -> tuple[float, float]:
        low, high = self.low - 0.5, self.high + 0.5
        return (math.log(low), math.log(high)) if self.log else (low, high)

    def to_unit(self, value: Value) -> float:
        """Centre of the value's bin in [0, 1]."""
        start, end = self._edges()
        number = float(value)
        return ((math.log(number) if self.log else number) - start) / (end - start)

    def from_unit(self, unit: float) -> int:
        """The whole number whose bin holds ``unit`` in [0, 1)."""
        start, end = self._edges()
        scaled = start + unit * (end - start)
        return min(max(round(math.exp(scaled) if self.log else scaled), self.low), self.high)


class ChoiceParameter(_Parameter):
    """One of ``choices``, in no order."""

    type: Literal["choice"]
    default: Value = Field(description="Value outside the blocks that vary it, and that of point 0.")
    choices: Annotated[tuple[Value, ...], Field(min_length=2)] = Field(description="The values.")

    @model_validator(mode="after")
    def _member(self) -> ChoiceParameter:
        if len(set(self.choices)) != len(self.choices):
            raise ValueError("choices must differ from one another")
        if self.default not in self.choices:
            raise ValueError(f"default ({self.default}) must be one of the choices: {list(self.choices)}")
        return self

    def to_unit(self, value: Value) -> float:
        """Centre of the choice's bin in [0, 1]."""
        return (self.choices.index(value) + 0.5) / len(self.choices)

    def from_unit(self, unit: float) -> Value:
        """The choice whose bin holds ``unit`` in [0, 1)."""
        return self.choices[min(int(unit * len(self.choices)), len(self.choices) - 1)]


Parameter = Annotated[FloatParameter | IntParameter | ChoiceParameter, Field(discriminator="type")]


def shown(parameter: Parameter, value: Value, digits: int = 4) -> str:
    """A value in ``digits`` significant digits, or in as many more as place it within 0.5% of its parameter's range."""
    if isinstance(parameter, IntParameter):
        return str(int(value))
    if isinstance(parameter, ChoiceParameter):
        return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
    exact, place = float(value), parameter.to_unit(value)
    texts = (f"{exact:.{number}g}" for number in range(digits, 17))
    inside = ((text, min(max(float(text), parameter.low), parameter.high)) for text in texts)
    return next((text for text, v in inside if abs(parameter.to_unit(v) - place) <= 0.005), repr(exact))


class SearchSpace(Frozen):
    """Parameters by name, in the order of the design's dimensions. Adding one at the end leaves the others' points."""

    parameters: Annotated[dict[str, Parameter], Field(min_length=1)] = Field(description="Parameters by name.")
    description: str = Field("", description="What the space is for.")
