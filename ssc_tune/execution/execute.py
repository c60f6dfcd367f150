"""Launches and relaunches Ray Tune until every cell has a record.

Each launch is a fresh Tuner over what is missing (Tuner.restore loses and repeats work, see docs). Results are never
read from Tune, only from records.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from ssc_tune import execution
from ssc_tune.design.cells import Cell
from ssc_tune.design.look_source import Source
from ssc_tune.execution import signals
from ssc_tune.execution.listening import Listener, Screen
from ssc_tune.execution.place import Place, set_environment
from ssc_tune.execution.watchdog import SIGNS
from ssc_tune.records import Record, StudyFolder
from ssc_tune.recurring import beside
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    from ssc_tune.execution.cluster import Room

SCRATCH = ".tune"
"""Folder below a study's that Tune writes to, one in it for each launch."""


class Outcome(NamedTuple):
    """How an execution ended."""

    interrupted: bool
    workers: int
    seconds: float  # wall, from before Ray was started to the end of the last cell
    problems: list[str]


class Launched(NamedTuple):
    """How one launch of Tune ended."""

    problem: str | None = None  # what went wrong, if anything
    halted: bool = False  # another would end in the same way
    death: str = ""  # why workers ended in the middle of cells, if any did


def execute(
    study: Study,
    folder: StudyFolder,
    source: Source,
    listener: Listener,
    *,
    stop: threading.Event,
    launch: str,
    place: Place,
    screen: Screen,
    meanwhile: Callable[[], object],
    left: contextlib.ExitStack | None = None,
) -> Outcome:
    """Runs what the source gives out until it is exhausted or ``stop`` is set.

    Args:
        study: the study.
        folder: of its records.
        source: what is to be run.
        listener: is told of every cell.
        stop: once it is set, workers end, and the next execution continues from their checkpoints.
        launch: tells this execution from others of the study, of which none is under way.
        place: where cells run.
        screen: is told in one line what the machines do, and how many cells they hold.
        meanwhile: what is to be done before the first cell, in a thread while Ray starts.
        left: gets what is left of a Ray on this machine once all cells have ended, for the caller to close; without
            it, and on a cluster, nothing is left.
    """
    started = time.monotonic()
    _sweep(folder, lambda token: token != launch)
    with contextlib.ExitStack() as stack:
        with signals.kept():
            room = stack.enter_context(_ray(study, folder, place, stop, screen, meanwhile))
        given: dict[str, Any] = {"stop": stop, "room": room, "token": launch, "say": screen.tell}
        workers, problems = _launches(study, folder, source, listener, **given)
        if left is not None and place.address is None and not stop.is_set():
            left.enter_context(stack.pop_all())
    _sweep(folder, lambda token: token == launch)
    return Outcome(stop.is_set(), workers, time.monotonic() - started, list(dict.fromkeys(problems)))


def _launches(
    study: Study,
    folder: StudyFolder,
    source: Source,
    listener: Listener,
    *,
    stop: threading.Event,
    room: Room,
    **given: Any,
) -> tuple[int, list[str]]:
    """Launches until nothing is left to run, or nothing comes of it: the most cells at once, and what went wrong."""
    workers, idle = 1, 0
    problems: list[str] = []
    while source.num_to_run and not stop.is_set():
        before = source.num_to_run
        ended = _launch(study, folder, source, listener, stop=stop, room=room, **given)
        workers = max(workers, room.workers())
        problems += [ended.problem] if ended.problem else []
        idle = idle + 1 if source.num_to_run >= before else 0
        if not stop.is_set() and (ended.halted or idle > study.retries + 1):
            why = ended.problem or ended.death or "workers die"
            problems.append(f"{source.num_to_run} cells could not be run: {why}; the same command goes on with them")
            break
    return workers, problems


def _launch(
    study: Study, folder: StudyFolder, source: Source, listener: Listener, *, stop: threading.Event, **given: Any
) -> Launched:
    """One launch of Tune, after which everyone knows of every record that it has left."""
    launched: dict[str, Cell] = {}
    ended = execution.tuning.launch(study, folder, source, listener, stop=stop, launched=launched, **given)
    late, lost = _unreported(folder, launched)
    if not stop.is_set():
        source.give_back(lost)
    for cell, record in late:
        listener.finished(cell, record)
    return ended


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


def _sweep(folder: StudyFolder, ended: Callable[[str], bool]) -> None:
    """Takes away what launches have left that have ended; their attempts were interrupted, not failures."""
    for cell_id in folder.under_way():
        with contextlib.suppress(OSError):  # a worker of the next launch will see that it is of another
            folder.close_attempts(cell_id, "interrupted", of=ended)
    for kind in (SCRATCH, SIGNS):
        for left in (folder.path / kind).glob("*"):
            if ended(left.name):
                shutil.rmtree(left, ignore_errors=True)
        with contextlib.suppress(OSError):  # there is none, or another launch is in it
            (folder.path / kind).rmdir()


@contextmanager
def _ray(
    study: Study,
    folder: StudyFolder,
    place: Place,
    stop: threading.Event,
    screen: Screen,
    meanwhile: Callable[[], object],
) -> Iterator[Room]:
    set_environment(place)
    screen.wait("Ray starts" if place.address is None else f"the cluster at {place.address} is asked")
    started = execution.cluster.started  # ray is imported here: beside other imports it would take longer
    with contextlib.ExitStack() as stack:

        def beside_its_start() -> None:
            meanwhile()
            _ = execution.tuning  # imports what is left of Ray

        with beside(beside_its_start, name="meanwhile"):
            room = stack.enter_context(started(study, folder, place, stop=stop, screen=screen))
        workers = room.workers()
        screen.wait(
            "a worker starts and loads PyTorch" if workers == 1 else f"{workers} workers start and load PyTorch"
        )
        yield room
