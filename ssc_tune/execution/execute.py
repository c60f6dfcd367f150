"""Launches and relaunches Ray Tune until every cell has a record.

Each launch is a fresh Tuner over what is missing (Tuner.restore loses and repeats work, see docs). Results are never
read from Tune, only from records.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ssc_tune import execution
from ssc_tune.design.cells import Cell
from ssc_tune.design.look_source import Source
from ssc_tune.execution import signals
from ssc_tune.execution.listening import Listener
from ssc_tune.execution.watchdog import SIGNS
from ssc_tune.records import Record, StudyFolder
from ssc_tune.study.model.study import Study

SCRATCH = ".tune"
"""Folder below a study's that Tune writes to, one in it for each launch."""


class Outcome(NamedTuple):
    """How an execution ended."""

    interrupted: bool
    workers: int
    seconds: float  # wall, from before Ray was started
    problems: list[str]


def num_workers(study: Study) -> int:
    """Cells that run at once on this machine."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = max(1, int(cpus // study.resources.cpus))
    if study.resources.gpus:
        workers = max(1, min(workers, int(_num_gpus() / study.resources.gpus)))
    return min(workers, study.resources.max_parallel or workers)


class Launched(NamedTuple):
    """How one launch of Tune ended."""

    problem: str | None = None  # what went wrong, if anything
    halted: bool = False  # another would end in the same way


GPU_FILES = (("/proc/driver/nvidia/gpus", "*"), ("/dev", "nvidia[0-9]*"))
"""Where the driver shows a machine's GPUs, a folder and a pattern each; containers often have the second alone."""


def _num_gpus() -> int:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([d for d in visible.split(",") if d.strip() not in ("", "-1")])
    return next((n for folder, pattern in GPU_FILES if (n := len(list(Path(folder).glob(pattern))))), 0)


def execute(
    study: Study,
    folder: StudyFolder,
    source: Source,
    listener: Listener,
    *,
    stop: threading.Event,
    launch: str = "alone",
    say: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Runs what the source gives out until it is exhausted or ``stop`` is set.

    Args:
        study: the study.
        folder: of its records.
        source: what is to be run.
        listener: is told of every cell.
        stop: once it is set, workers end, and the next execution continues from their checkpoints.
        launch: tells this execution from others of the study, of which none is under way.
        say: is told in one line what the machines do.
    """
    started = time.monotonic()
    workers = num_workers(study)
    _sweep(folder, lambda token: token != launch)
    with contextlib.ExitStack() as stack:
        with signals.kept():
            stack.enter_context(_ray(study, workers))
        problems: list[str] = []
        idle = 0
        while source.num_to_run and not stop.is_set():
            before = source.num_to_run
            ended = _launch(study, folder, source, listener, stop=stop, workers=workers, token=launch, say=say)
            problems += [ended.problem] if ended.problem else []
            idle = idle + 1 if source.num_to_run >= before else 0
            if not stop.is_set() and (ended.halted or idle > study.retries + 1):
                why = ended.problem or "workers die"
                left = source.num_to_run
                problems.append(f"{left} cells could not be run: {why}; the same command goes on with them")
                break
    _sweep(folder, lambda token: token == launch)
    return Outcome(stop.is_set(), workers, time.monotonic() - started, list(dict.fromkeys(problems)))


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
    for path in folder.path.glob("cells/*/attempts.jsonl"):
        cell_id = path.parent.name
        for attempt in folder.attempts(cell_id):
            if attempt.outcome == "running" and ended(attempt.launch):
                closed = attempt.model_copy(update={"outcome": "interrupted", "ended": time.time()})
                with contextlib.suppress(OSError):  # a worker of the next launch will see that it is of another
                    folder.log_attempt(cell_id, closed)
    for kind in (SCRATCH, SIGNS):
        for left in (folder.path / kind).glob("*"):
            if ended(left.name):
                shutil.rmtree(left, ignore_errors=True)
        with contextlib.suppress(OSError):  # there is none, or another launch is in it
            (folder.path / kind).rmdir()


@contextmanager
def _ray(study: Study, workers: int) -> Iterator[None]:
    os.environ.update(
        {
            "RAY_CHDIR_TO_TRIAL_DIR": "0",
            "RAY_AIR_NEW_OUTPUT": "0",
            "RAY_USAGE_STATS_ENABLED": "0",
            # Under `uv run` Ray would send the whole working directory, records and data too, to a new environment that
            # each worker makes for itself; workers on this machine use the driver's.
            "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
            # Workers that Ray starts beforehand are never used: those of Tune have environment variables of their own.
            "RAY_prestart_worker_first_driver": "0",
            "RAY_enable_worker_prestart": "0",
            "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
            "TUNE_DISABLE_SIGINT_HANDLER": "1",
            "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
            "TUNE_GLOBAL_CHECKPOINT_S": "600",
            "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
            "TUNE_MAX_PENDING_TRIALS_PG": str(workers + 1),
        }
    )
    with execution.tuning.started(study, workers=workers, gpus=_num_gpus()):
        yield
