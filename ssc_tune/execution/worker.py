"""What a worker process does with one cell: train, retry, and write the record.

The record is written here, not in the driver, so that a finished cell survives whatever happens to the driver. This
module imports torch at the top; the driver does without it.
"""

from __future__ import annotations

import socket
import time
import traceback
from pathlib import Path
from typing import Any

import torch

from ssc_tune import data
from ssc_tune.atomic import write_atomically
from ssc_tune.design.cells import Placement
from ssc_tune.execution.preflight import versions
from ssc_tune.execution.task import Task
from ssc_tune.methods.own import add_folder
from ssc_tune.records import Attempt, Record, StudyFolder
from ssc_tune.records.store import PRETRAINED, STANDING
from ssc_tune.training import train
from ssc_tune.training.hardware import describe, resolve_device
from ssc_tune.training.own import train_own
from ssc_tune.training.result import Evaluation, RunResult, Status


def run_task(task: Task) -> str:
    """Runs a cell to its record and returns the record's status. Never raises for what training raises."""
    add_folder(task.folder)
    folder = StudyFolder(Path(task.storage), task.study)
    cell_id = task.config.cell_id
    if folder.records.read_or_set_aside(cell_id)[0] is not None:
        return "already there"
    folder.note_standing(cell_id, task.registrations)
    attempts = _close_dead(folder, cell_id)
    while True:
        spent = [attempt for attempt in attempts if attempt.outcome in ("raised", "died")]
        if len(spent) > task.retries:
            return _give_up(folder, task, attempts)
        number = len(attempts) + 1
        running = Attempt(number=number, started=time.time(), host=socket.gethostname())
        try:
            folder.log_attempt(cell_id, running)  # an interruption from here on is told as one
            # What raised may lie in the checkpoint: the last attempt does not read it.
            anew = bool(spent) and len(spent) == task.retries and spent[-1].outcome == "raised"
            result = _train(folder, task, resume=not anew)
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            folder.log_attempt(cell_id, _ended(running, "interrupted"))
            raise
        except Exception:
            raised = _ended(running, "raised", traceback.format_exc())
            folder.log_attempt(cell_id, raised)
            attempts = [*attempts, raised]
            continue
        finished = _ended(running, "finished")
        folder.log_attempt(cell_id, finished)
        return _write(folder, task, result, [*attempts, finished])


def _ended(attempt: Attempt, outcome: str, text: str | None = None) -> Attempt:
    return Attempt.model_validate({**attempt.model_dump(), "ended": time.time(), "outcome": outcome, "traceback": text})


def _close_dead(folder: StudyFolder, cell_id: str) -> list[Attempt]:
    """Attempts so far; one that never ended belongs to a process that died, unless the driver was interrupted."""
    attempts = []
    for attempt in folder.attempts(cell_id):
        if attempt.outcome == "running":
            attempt = _ended(attempt, "died")
            folder.log_attempt(cell_id, attempt)
        attempts.append(attempt)
    return attempts


def _train(folder: StudyFolder, task: Task, *, resume: bool) -> RunResult:
    torch.set_num_threads(task.threads)
    cell = folder.cell(task.config.cell_id)

    def progress(evaluation: Evaluation) -> None:
        write_atomically(cell / "progress.json", evaluation.model_dump_json())

    if not task.config.is_ours_to_train:
        return train_own(task.config, directory=cell, folder=task.folder, on_evaluation=progress)
    pretrained = folder.storage / PRETRAINED
    return train(task.config, directory=cell, on_evaluation=progress, resume=resume, pretrained=pretrained)


def _give_up(folder: StudyFolder, task: Task, attempts: list[Attempt]) -> str:
    """The record of a cell that has used up its attempts."""
    died = attempts[-1].outcome == "died"
    checkpointed = 0
    progress = folder.cell(task.config.cell_id) / "progress.json"
    history: tuple[Evaluation, ...] = ()
    if progress.exists():
        history = (Evaluation.model_validate_json(progress.read_text(encoding="utf-8")),)
        checkpointed = history[0].step
    status: Status = "infrastructure" if died else "failed"
    seconds = sum((a.ended or a.started) - a.started for a in attempts)
    result = RunResult(
        status=status,
        steps=checkpointed,
        validation_accuracy=None,
        test_accuracy=None,
        steps_to_90=None,
        seconds=seconds,
        images_per_second=None,
        num_classes=data.info(task.config.data.source).num_classes,
        num_parameters=0,
        history=history,
        warnings=("the worker process died",) if died else (),
    )
    return _write(folder, task, result, attempts)


def _write(folder: StudyFolder, task: Task, result: RunResult, attempts: list[Attempt]) -> str:
    place = Placement(*task.placement)
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
        started=attempts[0].started,
        ended=time.time(),
    )
    folder.records.write(record)
    _tidy(folder, task.config.cell_id)
    return result.status


def _tidy(folder: StudyFolder, cell_id: str) -> None:
    """The record holds what attempts and progress said; the checkpoint stays, for the final weights."""
    for name in ("attempts.jsonl", "progress.json", STANDING):
        (folder.cell(cell_id) / name).unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    described: dict[str, Any] = describe(resolve_device("auto"))
    return {"host": socket.gethostname(), "torch_interop_threads": str(torch.get_num_interop_threads()), **described}
