"""The record of one cell: the truth from which every view is rebuilt."""

from __future__ import annotations

import math
import time
from typing import Annotated, Literal

from pydantic import Field

from ssc_tune.frozen import LATER, Frozen
from ssc_tune.training.config import CellConfig
from ssc_tune.training.result import RunResult


class Attempt(Frozen):
    """One try at training a cell."""

    number: int
    started: float = Field(description="Seconds since the epoch.")
    ended: float | None = None
    outcome: Literal["running", "finished", "raised", "interrupted", "died", "machine"] = Field(
        "running",
        description="Of these `raised` and `died` use up a retry; `machine` is a fault that is not the cell's.",
    )
    host: str = ""
    launch: Annotated[str, LATER] = Field("", description="The driver's launch that it belongs to.")
    traceback: str | None = None

    def closed(self, outcome: str, text: str | None = None, *, seconds: float | None = None) -> Attempt:
        """The attempt as it ends now, ``seconds`` after it began where that is known: clocks are set now and then."""
        now = time.time() if seconds is None else self.started + seconds
        ended = {"ended": max(now, self.started), "outcome": outcome, "traceback": text}
        return Attempt.model_validate({**self.model_dump(), **ended})


class Record(Frozen):
    """What is known of one cell once it has ended."""

    schema_version: Literal[1] = 1
    cell_id: str
    study: str = Field(description="The study that ran it first; others may share it.")
    block: str
    setting: str
    point: int
    config: CellConfig
    result: RunResult
    attempts: tuple[Attempt, ...]
    versions: dict[str, str] = Field(description="Versions of Python and of the packages that decide results.")
    environment: dict[str, str] = Field(description="Host, processor, device, threads.")
    registrations: tuple[str, ...] = Field(
        (),
        description="Hashes of the plans that stood below the storage when the cell was begun; empty in old records.",
    )
    claims: tuple[str, ...] = Field(
        (), description="Of records made before registrations were kept: the claims' hashes."
    )
    started: float
    ended: float

    @property
    def num_classes(self) -> float:
        """Classes K, so that guessing scores 1 / K; without end where nothing is guessed and a failure scores 0."""
        own = self.config.own
        return self.result.num_classes if own is None or own.metric.is_accuracy else math.inf

    def is_settled(self, *, retry_failed: bool = False) -> bool:
        """Whether the cell has its result: not so if the machine failed it, or it failed and is to be tried again."""
        status = self.result.status
        return status in ("ok", "diverged") or (status == "failed" and not retry_failed)


_FIRST, _NEXT, _LAST = '"history":[{', '},{"step":', '}],"warnings":['
"""How a record's own JSON begins its history, goes on to the next evaluation, and ends it. In JSON none of these can
stand within a text, where a quotation mark has a backslash before it."""


def brief(body: str) -> Record:
    """The record in a record's JSON, its history taken away: whoever asks for it gets an AttributeError.

    For those who count cells: of a long record the history is nine tenths.

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
