"""A cell's id through versions: a field that came later changes no id until it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from ssc_tune.frozen import LATER, Frozen, without_later


class _Before(Frozen):
    steps: int = 3


class _After(_Before):
    width: Annotated[int, LATER, Field(ge=0)] = 0


def test_a_later_field_at_its_default_is_no_part_of_an_identity() -> None:
    assert without_later(_After, _After().model_dump()) == _Before().model_dump()
    assert without_later(_After, _After(width=2).model_dump()) == {"steps": 3, "width": 2}


def test_a_field_that_was_there_from_the_start_stays_at_its_default() -> None:
    assert without_later(_Before, _Before().model_dump()) == {"steps": 3}


class _Whole(Frozen):
    parts: tuple[_After, ...] = (_After(),)
    named: Mapping[str, _After]
    added: Annotated[_After | None, LATER] = None


def test_an_identity_goes_all_the_way_down() -> None:
    assert _Whole(named={}).identity() == {"parts": [{"steps": 3}], "named": {}}
    more = _Whole(named={"a": _After(width=1)}, added=_After())
    assert more.identity() == {
        "parts": [{"steps": 3}],
        "named": {"a": {"steps": 3, "width": 1}},
        "added": {"steps": 3},
    }


def test_an_identity_is_what_is_written_where_nothing_came_later() -> None:
    before = _Before(steps=5)
    assert before.identity() == before.model_dump(mode="json")
