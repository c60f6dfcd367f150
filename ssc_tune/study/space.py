"""The search space: parameters, and their maps to and from the unit interval.

A parameter's own scale decides what "uniform" means for it: linear, logarithmic (``log``), or logarithmic in
1 - value (``complement``, with ``log``; the scale of a confidence threshold near 1).
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

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
    default: float
    low: float = Field(description="Smallest value (default / factor when a factor is given).")
    high: float = Field(description="Largest value (default * factor when a factor is given).")
    log: bool = Field(False, description="Uniform in the logarithm.")
    complement: bool = Field(False, description="The scale is that of 1 - value.")
    factor: Annotated[float, Field(gt=1)] | None = Field(None, description="Range as a factor; makes it log-uniform.")

    @model_validator(mode="before")
    @classmethod
    def _expand_factor(cls, data: object) -> object:
        if isinstance(data, dict) and data.get("factor") is not None and "low" not in data and "high" not in data:
            factor, default = data["factor"], data.get("default")
            if isinstance(factor, int | float) and isinstance(default, int | float) and factor > 1 and default > 0:
                if data.get("complement"):
                    rest = 1 - default
                    return {**data, "low": 1 - rest * factor, "high": 1 - rest / factor, "log": True}
                return {**data, "low": default / factor, "high": default * factor, "log": True}
        return data

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


class IntParameter(_Parameter):
    """A whole number from ``low`` to ``high``, both included."""

    type: Literal["int"]
    default: int
    low: int
    high: int
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
    default: Value
    choices: Annotated[tuple[Value, ...], Field(min_length=2)]

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

    parameters: Annotated[dict[str, Parameter], Field(min_length=1)]
    description: str = ""
