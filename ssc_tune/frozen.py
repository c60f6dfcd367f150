"""The base of every configuration and every stored result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

LATER: Final = "later"
"""In a field's annotation: the field came after records were written. At its default it is no part of an identity, so
that cells of before keep their ids: ``width: Annotated[int, LATER] = 0``."""


class Frozen(BaseModel):
    """Unknown keys are errors, values cannot change after validation, and infinities and NaN are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


def without_later(kind: type[BaseModel], content: Mapping[str, Any]) -> dict[str, Any]:
    """``content``, the JSON values of a ``kind``, without the fields marked :data:`LATER` that are at their default."""
    return {
        name: value
        for name, value in content.items()
        if not (
            name in kind.model_fields
            and LATER in kind.model_fields[name].metadata
            and value == kind.model_fields[name].get_default(call_default_factory=True)
        )
    }
