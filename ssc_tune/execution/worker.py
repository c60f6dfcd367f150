"""What a worker process does with one cell: train, retry, and write the record.

The record is written here, not in the driver, so that a finished cell survives whatever happens to the driver. This
module imports torch at the top; the driver does without it.
"""

from __future__ import annotations

import contextlib
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch

from ssc_tune import data, storage
from ssc_tune.design.cells import Placement
from ssc_tune.execution.encoders import share_encoder
from ssc_tune.execution.machine import fault_of
from ssc_tune.execution.preflight import versions
from ssc_tune.execution.task import Task
from ssc_tune.execution.watchdog import STACK, ended_by_watchdog, show_signs, signs_folder, watching
from ssc_tune.methods.own import add_folder
from ssc_tune.records import Attempt, Record, StudyFolder
from ssc_tune.records.store import ATTEMPTS, PRETRAINED, PROGRESS, STANDING
from ssc_tune.training import allocation, train
from ssc_tune.training.hardware import describe, release_memory, resolve_device
from ssc_tune.training.own import train_own
from ssc_tune.training.result import Evaluation, RunResult, Status

PAUSES = (1.0, 5.0, 15.0)
"""Seconds after which a cell is tried again that its machine has failed; after the last it is given up for this run."""


class Ended(NamedTuple):
    """What has become of a cell."""

    status: str
    fault: str = ""  # of the machine, where that is why the cell has no result


class MachineFault(Exception):
    """The machine has failed a cell; the message says how, in one line."""


def run_task(task: Task, *, node: str = "", pause: Callable[[float], None] = time.sleep) -> Ended:
    """Runs a cell to its record and says how it ended. Never raises for what training or the machine does wrong.

    A fault of the machine (:mod:`ssc_tune.execution.machine`) uses up no retry: the cell is tried again after a pause,
    from its checkpoint, and is in the end left for a later run.

    Args:
        task: the cell.
        node: Ray's name of the machine, if any.
        pause: waits so many seconds.
    """
    add_folder(task.folder)
    folder = StudyFolder(storage.place(task.storage), task.study)
    ours: dict[int, Attempt] = {}
    last = ""
    for seconds in (*PAUSES, None):
        try:
            return Ended(_run(folder, task, node, ours))
        except MachineFault as fault:
            last = str(fault)
        release_memory()
        if seconds is not None:
            pause(seconds)
    try:
        with _machine_faults():
            attempts = _close_dead(folder, task, ours)
            return Ended(_without_result(folder, task, attempts, "infrastructure", last), last)
    except MachineFault:  # no place even for that
        return Ended("infrastructure", last)


@contextlib.contextmanager
def _machine_faults(*, ours: bool = True) -> Iterator[None]:
    """What the machine does wrong within the block is raised as that."""
    try:
        yield
    except Exception as error:
        text = fault_of(error, ours=ours)
        if text is None:
            raise
        raise MachineFault(text) from error


def _run(folder: StudyFolder, task: Task, node: str, ours: dict[int, Attempt]) -> str:
    """Runs a cell to its record, with the retries that it has; ``ours`` are the attempts that this process has ended.

    Raises:
        MachineFault: the machine failed it.
    """
    cell_id = task.config.cell_id
    with _machine_faults():
        if folder.records.read_or_set_aside(cell_id)[0] is not None:
            return "already there"
        if task.timeout is not None:
            show_signs(signs_folder(folder.path, task.launch), node, cell_id, task.timeout)
        folder.note_standing(cell_id, task.registrations)
        folder.files.bring(folder.name_of(cell_id))
        attempts = _close_dead(folder, task, ours)
    while True:
        spent = [attempt for attempt in attempts if attempt.outcome in ("raised", "died")]
        if len(spent) > task.retries:
            with _machine_faults():
                return _give_up(folder, task, attempts, died=spent[-1].outcome == "died")
        running = Attempt(number=len(attempts) + 1, started=time.time(), host=socket.gethostname(), launch=task.launch)
        # What raised may lie in the checkpoint: the last attempt does not read it.
        anew = bool(spent) and len(spent) == task.retries and spent[-1].outcome == "raised"
        result, ended = _attempt(folder, task, running, resume=not anew)
        ours[ended.number] = ended
        with _machine_faults():
            folder.log_attempt(cell_id, ended)
            attempts = [*attempts, ended]
            if result is not None:
                return _write(folder, task, result, attempts)
        if ended.outcome == "machine":
            raise MachineFault(str(ended.traceback))


def _attempt(folder: StudyFolder, task: Task, running: Attempt, *, resume: bool) -> tuple[RunResult | None, Attempt]:
    """One try at a cell: its result, none where it has come to none, and the attempt as it ended."""
    cell_id, began = task.config.cell_id, time.monotonic()

    def closed(outcome: str, text: str | None = None) -> Attempt:
        return running.closed(outcome, text, seconds=time.monotonic() - began)

    try:
        with _machine_faults():
            folder.log_attempt(cell_id, running)  # an interruption from here on is told as one
        with _machine_faults(ours=task.config.is_ours_to_train):
            return _train(folder, task, resume=resume), closed("finished")
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        folder.log_attempt(cell_id, closed("interrupted"))
        raise
    except MachineFault as fault:
        return None, closed("machine", str(fault))
    except Exception:
        return None, closed("raised", traceback.format_exc())


def _close_dead(folder: StudyFolder, task: Task, ours: dict[int, Attempt]) -> list[Attempt]:
    """Attempts so far. One that never ended was cut short: by the end of its launch, or by that of its process."""
    cell_id, attempts = task.config.cell_id, []
    for attempt in folder.attempts(cell_id):
        if attempt.outcome == "running":
            if attempt.number in ours:  # there was no place to write how it ended
                attempt = ours[attempt.number]
            elif attempt.launch != task.launch:
                attempt = attempt.closed("interrupted")
            else:
                attempt = attempt.closed("died", ended_by_watchdog(folder.cell(cell_id)))
            folder.log_attempt(cell_id, attempt)
        attempts.append(attempt)
    return attempts


def _train(folder: StudyFolder, task: Task, *, resume: bool) -> RunResult:
    torch.set_num_threads(task.config.threads)
    cell = folder.cell(task.config.cell_id)

    def keep() -> None:
        folder.files.keep(folder.name_of(task.config.cell_id), lambda name: not name.endswith(f"/{STACK}"))

    def progress(evaluation: Evaluation) -> None:
        keep()
        name = folder.name_of(task.config.cell_id, PROGRESS)
        folder.files.write(name, evaluation.model_dump_json().encode())

    with watching(cell, task.timeout), allocation.kept():
        if not task.config.is_ours_to_train:
            result = train_own(task.config, directory=cell, folder=task.folder, on_evaluation=progress)
        else:
            share_encoder(folder, task.config)
            pretrained = folder.storage / PRETRAINED
            result = train(task.config, directory=cell, on_evaluation=progress, resume=resume, pretrained=pretrained)
        keep()
        return result


def _give_up(folder: StudyFolder, task: Task, attempts: list[Attempt], *, died: bool) -> str:
    """The record of a cell that has used up its attempts."""
    if not died:
        return _without_result(folder, task, attempts, "failed", "")
    stood = any(attempt.outcome == "died" and attempt.traceback for attempt in attempts)
    why = f"no progress for {task.timeout:g} s" if stood and task.timeout else "the worker process died"
    return _without_result(folder, task, attempts, "infrastructure", why)


def _without_result(folder: StudyFolder, task: Task, attempts: list[Attempt], status: Status, why: str) -> str:
    """The record of a cell that has come to no result; ``infrastructure`` is tried again by the next run."""
    history: tuple[Evaluation, ...] = ()
    with contextlib.suppress(OSError, ValueError):  # there may be none, or a damaged one
        text = (folder.cell(task.config.cell_id) / PROGRESS).read_text(encoding="utf-8")
        history = (Evaluation.model_validate_json(text),)
    result = RunResult(
        status=status,
        steps=history[-1].step if history else 0,
        validation_accuracy=None,
        test_accuracy=None,
        steps_to_90=None,
        seconds=sum((a.ended or a.started) - a.started for a in attempts),
        images_per_second=None,
        num_classes=data.info(task.config.data.source).num_classes,
        num_parameters=0,
        history=history,
        warnings=(why,) if why else (),
    )
    return _write(folder, task, result, attempts)


def _write(folder: StudyFolder, task: Task, result: RunResult, attempts: list[Attempt]) -> str:
    place = Placement(*task.placement)
    started = attempts[0].started if attempts else time.time()
    record = Record(
        cell_id=task.config.cell_id,
        study=task.study,
        block=place.block,
        setting=place.setting,
        point=place.point,
        config=task.config,
        result=result,
        attempts=tuple(attempts),
        versions=versions(),
        environment=_environment(),
        registrations=task.registrations,
        started=started,
        ended=max(time.time(), started),
    )
    folder.records.write(record)  # where another was faster, its record stands
    _tidy(folder, task.config.cell_id)
    return result.status


def _tidy(folder: StudyFolder, cell_id: str) -> None:
    """The record holds what attempts and progress said; the checkpoint stays, for the final weights."""
    folder.files.remove(*(folder.name_of(cell_id, name) for name in (ATTEMPTS, PROGRESS, STACK, STANDING)))
    folder.files.leave(folder.name_of(cell_id))


def _environment() -> dict[str, str]:
    described: dict[str, Any] = describe(resolve_device("auto"))
    return {"host": socket.gethostname(), "torch_interop_threads": str(torch.get_num_interop_threads()), **described}
