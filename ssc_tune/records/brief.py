"""Records without their histories, for those who count cells: of a long record the history is nine tenths."""

from __future__ import annotations

from ssc_tune.records.record import Record

_FIRST, _NEXT, _LAST = '"history":[{', '},{"step":', '}],"warnings":['
"""How a record's own JSON begins its history, goes on to the next evaluation, and ends it. In JSON none of these can
stand within a text, where a quotation mark has a backslash before it."""


def brief(body: str) -> Record:
    """The record in a record's JSON, its history taken away: whoever asks for it gets an AttributeError.

    All else is checked as usual, and of the history the first evaluation, as what another version writes of one it
    writes of all.

    Raises:
        ValidationError: it is no record.
    """
    record = Record.model_validate_json(shortened(body))
    vars(record.result).pop("history")
    return record


def shortened(body: str) -> str:
    """A record's JSON with the first evaluation of its history alone; the same where it has no second one."""
    start = body.find(_FIRST)
    cut = body.find(_NEXT, start)
    end = body.find(_LAST, start)
    return body[:cut] + body[end:] if 0 <= start < cut < end else body
