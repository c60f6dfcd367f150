"""Attempts at cells as workers leave them behind one after the other, some of them ended by a fault."""

from __future__ import annotations

from collections.abc import Sequence

from ssc_tune.records.record import Attempt, Record
from tests.making.records import START


def one_after_another(
    records: Sequence[Record], *, workers: int, seconds: float = 9.0, fault_every: int = 0
) -> tuple[Record, ...]:
    """The records as so many workers would have made them; before each ``fault_every``-th cell the machine failed."""
    clock, found = [START + 0.1 * k for k in range(workers)], []
    for number, record in enumerate(records):
        worker = clock.index(min(clock))
        attempts = []
        if fault_every and number % fault_every == fault_every - 1:
            lost = seconds / 2
            attempts.append(_attempt(1, clock[worker], lost, "machine", worker))
            clock[worker] += lost + 3
        outcome = "finished" if record.result.status == "ok" else "raised"
        attempts.append(_attempt(len(attempts) + 1, clock[worker], seconds, outcome, worker))
        times = {"started": attempts[0].started, "ended": attempts[-1].ended}
        found.append(record.model_copy(update={**times, "attempts": tuple(attempts)}))
        clock[worker] += seconds + 0.2
    return tuple(found)


def _attempt(number: int, started: float, seconds: float, outcome: str, worker: int) -> Attempt:
    host = f"node-{worker % 2 + 1}"
    times = {"started": started, "ended": started + seconds}
    return Attempt.model_validate({"number": number, **times, "outcome": outcome, "host": host})
