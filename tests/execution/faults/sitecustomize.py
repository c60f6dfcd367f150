"""Faults for tests. Python reads this file as it starts, where this folder is in ``PYTHONPATH``: workers of Ray too.

``SSC_TUNE_FAULTS`` names them, separated by commas: ``KIND:METHOD:SEED``, or ``KIND:METHOD:SEED:N`` for the first N
attempts only. ``raise`` raises and ``exit`` ends the process, both before the first step; ``slow`` sleeps a second
after each evaluation; ``stand`` stands still after the first one; ``hold`` waits after each one for the file that
``SSC_TUNE_GATE`` names, so that a test finds its cell under way however slow or quick the machine is.

``SSC_TUNE_PROCESSES`` names a file to which each attempt adds the number of its process.

``SSC_TUNE_CLOCK`` names a file with the seconds by which the machine's clock is off, as somebody would set it: read
anew each time that Python asks for the time of day, or gives a file that time. Monotonic clocks go on as ever.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
import time
from typing import Any

VARIABLE, WORKER = "SSC_TUNE_FAULTS", "ssc_tune.execution.worker"
PROCESSES = "SSC_TUNE_PROCESSES"
GATE = "SSC_TUNE_GATE"
CLOCK = "SSC_TUNE_CLOCK"


class Faulty(importlib.abc.MetaPathFinder):
    """Lets the worker's module be found as ever, with faults in what it does with a cell."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name != WORKER:
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        assert found is not None
        loader: Any = found.loader
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            put_into(module)

        loader.exec_module = exec_module
        return found


def put_into(worker: Any) -> None:
    """Faults before and during the training of a cell."""
    train_cell, train = worker._train, worker.train

    def faulty(folder: Any, task: Any, *, resume: bool) -> Any:
        attempt = len(folder.attempts(task.config.cell_id))
        kinds = asked_for(task.config.method, task.config.seed, attempt)
        if PROCESSES in os.environ:
            with open(os.environ[PROCESSES], "a") as numbers:
                numbers.write(f"{os.getpid()}\n")
        if "exit" in kinds:
            os._exit(75)
        if "raise" in kinds:
            raise RuntimeError(f"fault asked for by {VARIABLE}")
        pauses = [pause for kind, pause in PAUSES.items() if kind in kinds]
        worker.train = pausing(pauses[0]) if pauses else train
        return train_cell(folder, task, resume=resume)

    def pausing(pause: Any) -> Any:
        def train_and_pause(config: Any, *, on_evaluation: Any, **given: Any) -> Any:
            def evaluated(evaluation: Any) -> None:
                on_evaluation(evaluation)
                pause()

            return train(config, on_evaluation=evaluated, **given)

        return train_and_pause

    worker._train = faulty


def wait_at_gate() -> None:
    while not os.path.exists(os.environ[GATE]):
        time.sleep(0.05)


PAUSES = {"slow": lambda: time.sleep(1.0), "stand": lambda: time.sleep(600.0), "hold": wait_at_gate}
"""What a cell does after each evaluation, by the kind of its fault."""


def asked_for(method: str, seed: int, attempt: int) -> list[str]:
    """Kinds of the faults for an attempt at a cell."""
    found = []
    for fault in filter(None, os.environ.get(VARIABLE, "").split(",")):
        kind, of, number, *attempts = fault.split(":")
        if (of, int(number)) == (method, seed) and (not attempts or attempt <= int(attempts[0])):
            found.append(kind)
    return found


def set_clock(file: str) -> None:
    """Lets Python's time of day be off by what the file says."""
    now_ns, touch = time.time_ns, os.utime

    def shifted_ns() -> int:
        with open(file) as off:
            return now_ns() + int(off.read()) * 1_000_000_000

    def shifted_touch(path: Any, times: Any = None, **given: Any) -> None:
        if times is None and "ns" not in given:
            given["ns"] = (shifted_ns(), shifted_ns())
        touch(path, times, **given)

    time.time_ns = shifted_ns
    time.time = lambda: shifted_ns() / 1e9
    os.utime = shifted_touch  # type: ignore[assignment]


if os.environ.get(CLOCK):
    set_clock(os.environ[CLOCK])
if VARIABLE in os.environ:
    sys.meta_path.insert(0, Faulty())
