"""Which worker trained which cell when, and what faults cost: from the attempts that records keep."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ssc_tune.presentation.numbers import date, duration
from ssc_tune.records.record import Attempt, Record

OUTCOMES = {
    "finished": "finished",
    "running": "not ended",
    "raised": "raised an error",
    "interrupted": "was interrupted",
    "died": "its worker died",
    "machine": "fault of the machine",
}
"""What became of an attempt, in words; the first is the good one."""
LONG_GAP = 0.04
"""Share of the busy time from which a time in which nobody worked is drawn shorter."""
SHORT_GAP = 0.015
"""How long it is drawn then."""


class Held(NamedTuple):
    """An attempt: the time during which it held a worker."""

    cell_id: str
    attempt: Attempt
    start: float
    end: float


def timeline(records: Sequence[Record], rows: Mapping[str, int]) -> dict[str, Any] | None:
    """Attempts by lane, in seconds from the first; none where no record tells of attempts.

    Records name the host of an attempt and no worker, so that a host's lanes are those that its attempts need: each
    goes into the first that is free. ``rows`` are the runs of cells.
    """
    held = sorted(_held(records), key=lambda one: (one.start, one.cell_id, one.attempt.number))
    if not held:
        return None
    first = held[0].start
    lanes, names = _lanes(held)
    outcomes = list(OUTCOMES)
    return {
        "lanes": names,
        "outcomes": list(OUTCOMES.values()),
        "row": [rows.get(one.cell_id, -1) for one in held],
        "number": [one.attempt.number for one in held],
        "start": [round(one.start - first, 2) for one in held],
        "seconds": [round(one.end - one.start, 2) for one in held],
        "lane": lanes,
        "outcome": [outcomes.index(one.attempt.outcome) for one in held],
        "spans": _spans(held),
        "cost": cost(held),
    }


def _held(records: Sequence[Record]) -> list[Held]:
    found = []
    for record in {record.cell_id: record for record in records}.values():
        for one in record.attempts:
            end = record.ended if one.ended is None else one.ended
            found.append(Held(record.cell_id, one, one.started, max(end, one.started)))
    return found


def _lanes(held: Sequence[Held]) -> tuple[list[int], list[str]]:
    """The lane of each attempt, hosts below each other, and the names of lanes."""
    hosts: dict[str, list[float]] = {}  # when each lane is free again
    places = []
    for one in held:
        ends = hosts.setdefault(one.attempt.host, [])
        lane = next((lane for lane, end in enumerate(ends) if end <= one.start + 1e-6), len(ends))
        ends[lane : lane + 1] = [one.end]
        places.append((one.attempt.host, lane))
    order = [(host, lane) for host in sorted(hosts) for lane in range(len(hosts[host]))]
    index = {place: number for number, place in enumerate(order)}
    return [index[place] for place in places], [f"{host or 'host not known'} {lane + 1}" for host, lane in order]


def _spans(held: Sequence[Held]) -> list[Any]:
    """Times in which somebody worked: begin and end, the begin as drawn, and its date; long gaps are shortened."""
    busy: list[list[float]] = []
    for one in held:
        if busy and one.start <= busy[-1][1]:
            busy[-1][1] = max(busy[-1][1], one.end)
        else:
            busy.append([one.start, one.end])
    total = sum(end - start for start, end in busy) or 1.0
    merged = [busy[0]]
    for start, end in busy[1:]:
        if start - merged[-1][1] <= LONG_GAP * total:
            merged[-1][1] = end
        else:
            merged.append([start, end])
    first, drawn, found = merged[0][0], 0.0, []
    for start, end in merged:
        found.append([round(start - first, 2), round(end - first, 2), round(drawn, 2), date(start)])
        drawn += end - start + SHORT_GAP * total
    return found


def cost(held: Sequence[Held]) -> str:
    """How many attempts came to nothing, by what became of them, how long they held a worker, and the wait after."""
    good = [one for one in held if one.attempt.outcome == "finished"]
    text = f"{len(good):,} of {len(held):,} attempts finished; they held workers for {_time(good)}."
    by_outcome = {outcome: [one for one in held if one.attempt.outcome == outcome] for outcome in list(OUTCOMES)[1:]}
    lost = [f"{OUTCOMES[outcome]} ({len(found):,}, {_time(found)})" for outcome, found in by_outcome.items() if found]
    if not lost:
        return text
    text += f" The others: {', '.join(lost)}."
    waits = _waits(held)
    if not waits:
        return text
    mean = duration(sum(waits) / len(waits), measured=True)
    return f"{text} Cells were begun again {len(waits):,} times, {mean} later on average."


def _time(held: Sequence[Held]) -> str:
    return duration(sum(one.end - one.start for one in held), measured=True)


def _waits(held: Sequence[Held]) -> list[float]:
    """From the end of each attempt that came to nothing to the next one of its cell, where there was one."""
    by_cell: dict[str, list[Held]] = {}
    for one in held:
        by_cell.setdefault(one.cell_id, []).append(one)
    return [max(b.start - a.end, 0.0) for own in by_cell.values() for a, b in itertools.pairwise(own)]
