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
        low, high = (float(f"{limit:.12g}") for limit in limits)
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
        return self

    def _scaled(self, value: float) -> float:
        inner = 1 - value if self.complement else value
        return math.log(inner) if self.log else inner

    def to_unit(self, value: Value) -> float:
        """Position of ``value`` in [0, 1] on the parameter's scale; 0 at ``low``, 1 at ``high``."""
        start, end = self._scaled(self.low), self._scaled(self.high)
        return (self._scaled(float(value)) - start) / (end - start)

    def from_unit(self, unit: float) -> float:
        """The value at position ``unit`` in [0, 1), rounded to 6 significant digits of its scale."""
        start, end = self._scaled(self.low), self._scaled(self.high)
        scaled = start + unit * (end - start)
        inner = math.exp(scaled) if self.log else scaled
        inner = float(f"{inner:.6g}")
        value = float(f"{1 - inner:.12g}") if self.complement else inner
        return min(max(value, self.low), self.high)


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


class SearchSpace(Frozen):
    """Parameters by name, in the order of the design's dimensions. Adding one at the end leaves the others' points."""

    parameters: Annotated[dict[str, Parameter], Field(min_length=1)] = Field(description="Parameters by name.")
    description: str = Field("", description="What the space is for.")
