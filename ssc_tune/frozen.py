"""The base of every configuration and every stored result."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

LATER: Final = "later"
"""In a field's annotation: the field came after records were written. At its default it is no part of an identity, so
that cells of before keep their ids: ``width: Annotated[int, LATER] = 0``."""


class Frozen(BaseModel):
    """Unknown keys are errors, values cannot change after validation, and infinities and NaN are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)

    def identity(self) -> dict[str, Any]:
        """What tells this from others, as JSON values: all its fields, by alias, and all the way down.

        Fields marked :data:`LATER` that are at their default are no part of it, nor are fields that are never written.
        Models leave out more where a field decides nothing.
        """
        names = _written(type(self))
        kept = without_later(type(self), {name: getattr(self, name) for name in names})
        return {names[name]: _json(value) for name, value in kept.items()}


def _json(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Frozen):
        return value.identity()
    if isinstance(value, Mapping):
        return {str(key): _json(inner) for key, inner in value.items()}
    return [_json(inner) for inner in value] if isinstance(value, list | tuple) else value


def without_later(kind: type[BaseModel], content: Mapping[str, Any]) -> dict[str, Any]:
    """``content``, values of a ``kind``, without the fields marked :data:`LATER` that are at their default."""
    later = _later(kind)
    return {name: value for name, value in content.items() if name not in later or value != later[name]}


@cache
def _later(kind: type[BaseModel]) -> dict[str, Any]:
    """The defaults of the fields that came later."""
    fields = kind.model_fields.items()
    return {name: field.get_default(call_default_factory=True) for name, field in fields if LATER in field.metadata}


@cache
def _written(kind: type[BaseModel]) -> dict[str, str]:
    """The names that fields are written by."""
    return {name: field.alias or name for name, field in kind.model_fields.items() if not field.exclude}
