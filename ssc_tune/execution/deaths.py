"""In the driver: what machines and Ray do to workers, told on the screen and not charged to cells."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import ray
from ray import tune
from ray.tune.experiment import Trial
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ssc_tune.design.cells import Cell
from ssc_tune.execution.watchdog import Signs
from ssc_tune.records import StudyFolder


class Tally:
    """Says things in one line each, and what comes again at the second, fourth, eighth, ... time only.

    Args:
        say: is told the lines.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._counts = say, Counter[str]()

    def add(self, text: str) -> None:
        """Once more."""
        self._counts[text] += 1
        count = self._counts[text]
        if count & (count - 1) == 0:
            self._say(text + (f" ({count} times)" if count > 1 else ""))


class Faults:
    """What the machines do wrong in one launch.

    Args:
        most: cells that machines may fail one after another; then the launch is ended, since all others would fail too.
        say: is told of each in one line.
    """

    def __init__(self, most: int, say: Callable[[str], None]) -> None:
        self._most, self._tally = most, Tally(say)
        self._in_a_row = 0
        self.last = ""

    def ended(self, fault: str) -> None:
        """A cell has ended, with a fault of its machine or none."""
        if fault:
            self._tally.add(f"a machine failed a cell: {fault}")
            self.last = fault
        self._in_a_row = self._in_a_row + 1 if fault else 0

    @property
    def halted(self) -> bool:
        """Whether to go on is of no use."""
        return self._in_a_row >= self._most


class Halt(Exception):
    """Ends a launch; its message says why."""


class Deaths(tune.Callback):
    """Tells what has become of workers that ended in the middle of a cell.

    Args:
        folder: of the study.
        launched: cells by the id of their trial.
        say: is told in one line.
    """

    def __init__(self, folder: StudyFolder, launched: Mapping[str, Cell], say: Callable[[str], None]) -> None:
        self._folder, self._launched, self._tally = folder, launched, Tally(say)

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune stores its callbacks for a restore that never happens."""
        return {}

    def on_trial_recover(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """The trial will be tried again, in another worker."""
        self._died(trial)

    def on_trial_error(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """The trial will not be tried again in this launch."""
        self._died(trial)

    def _died(self, trial: Trial) -> None:
        cell = self._launched.get(trial.trial_id)
        if cell is None:
            return
        why = "a worker died"
        if _MEMORY in str(trial.get_error() or "").rpartition("Failure # ")[2]:
            why = "Ray ended a worker since its node runs low on memory; fewer cells at once (resources) need less"
            close_attempt(self._folder, cell.cell_id, why)
        self._tally.add(why)


_MEMORY = "node running low on memory"
"""In what Ray says of a worker that its memory monitor has ended; tests/execution/test_machine_faults.py holds it."""


def close_attempt(folder: StudyFolder, cell_id: str, why: str) -> None:
    """Says of the attempt at a cell that is under way that its machine has ended it, so that it uses up no retry."""
    with contextlib.suppress(OSError):
        for attempt in folder.attempts(cell_id):
            if attempt.outcome == "running":
                found = {"outcome": "machine", "ended": time.time(), "traceback": why}
                folder.log_attempt(cell_id, attempt.model_copy(update=found))


def end_worker(folder: StudyFolder, signs: Signs, seconds: float, say: Callable[[str], None]) -> None:
    """Kills a worker that has shown no sign of life for so long, wherever it runs."""
    who = f"worker {signs['pid']} on {signs['host']}"
    say(f"{who} has shown no sign of life for {seconds:.0f} s and is ended; its cell is tried again")
    close_attempt(folder, signs["cell"], f"{who} was frozen")
    if signs["host"] == socket.gethostname():
        with contextlib.suppress(ProcessLookupError):
            os.kill(signs["pid"], signal.SIGKILL)
        return
    there = NodeAffinitySchedulingStrategy(signs["node"], soft=False)
    _kill.options(num_cpus=0, scheduling_strategy=there).remote(signs["pid"])


@ray.remote
def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
