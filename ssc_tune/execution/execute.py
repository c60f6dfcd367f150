"""Launches and relaunches Ray Tune until every cell has a record.

Each launch is a fresh Tuner over what is missing (Tuner.restore loses and repeats work, see docs). Results are never
read from Tune, only from records.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

from ssc_tune import execution
from ssc_tune.design.cells import Cell
from ssc_tune.design.look_source import Source
from ssc_tune.execution.listening import Listener, Screen, Unseen
from ssc_tune.execution.place import HERE, Place, set_environment
from ssc_tune.records import Record, StudyFolder
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    from ssc_tune.execution.cluster import Room


class Outcome(NamedTuple):
    """How an execution ended."""

    interrupted: bool
    workers: int
    seconds: float  # wall, from before Ray was started
    problems: list[str]


def execute(
    study: Study,
    folder: StudyFolder,
    source: Source,
    listener: Listener,
    *,
    stop: threading.Event,
    place: Place = HERE,
    screen: Screen | None = None,
) -> Outcome:
    """Runs what the source gives out until it is exhausted or ``stop`` is set.

    A first Ctrl-C sets ``stop``: workers end, and the next execution continues from their checkpoints.
    """
    started = time.monotonic()
    problems: list[str] = []
    workers = 1
    _close_orphans(folder)
    with interrupt_sets(stop), _ray(study, folder, place, stop, screen) as room:
        idle_launches = 0
        while source.num_to_run and not stop.is_set():
            before = source.num_to_run
            launched: dict[str, Cell] = {}
            problem = execution.tuning.launch(study, folder, source, listener, stop=stop, launched=launched, room=room)
            workers = max(workers, room.workers())
            if problem:
                problems.append(problem)
            late, lost = _unreported(folder, launched)
            if stop.is_set():
                _close_orphans(folder)
                break
            source.give_back(lost)
            for cell, record in late:
                listener.finished(cell, record)
            idle_launches = idle_launches + 1 if source.num_to_run >= before else 0
            if idle_launches > study.retries + 1:
                problems.append(f"{source.num_to_run} cells could not be run: {problem or 'workers die'}")
                break
    return Outcome(stop.is_set(), workers, time.monotonic() - started, problems)


def _unreported(folder: StudyFolder, launched: Mapping[str, Cell]) -> tuple[list[tuple[Cell, Record]], list[Cell]]:
    """Of the cells that a launch has not reported: those that have a record all the same, and those that have none."""
    late: list[tuple[Cell, Record]] = []
    lost: list[Cell] = []
    for cell in launched.values():
        record, _ = folder.records.read_or_set_aside(cell.cell_id)
        if record is None:
            lost.append(cell)
        else:
            late.append((cell, record))
    return late, lost


def _close_orphans(folder: StudyFolder) -> None:
    """Attempts left running by a driver that was stopped or killed count as interrupted, not as failures."""
    for path in folder.path.glob("cells/*/attempts.jsonl"):
        cell_id = path.parent.name
        for attempt in folder.attempts(cell_id):
            if attempt.outcome == "running":
                ended = attempt.model_copy(update={"outcome": "interrupted", "ended": time.time()})
                folder.log_attempt(cell_id, ended)


@contextmanager
def interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """While inside, Ctrl-C and SIGTERM set ``stop``; a second one within it is not needed and is ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handler(number: int, frame: FrameType | None) -> None:
        stop.set()

    previous = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in previous.items():
            signal.signal(number, old)


@contextmanager
def _ray(
    study: Study, folder: StudyFolder, place: Place, stop: threading.Event, screen: Screen | None
) -> Iterator[Room]:
    set_environment(place)
    with execution.cluster.started(study, folder, place, stop=stop, screen=screen or Unseen()) as room:
        yield room
