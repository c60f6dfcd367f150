"""In the driver: what machines and Ray do to workers, told on the screen and not charged to cells."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.experiment import Trial

from ssc_tune.design.cells import Cell
from ssc_tune.execution.cluster import on_node
from ssc_tune.execution.watchdog import Signs
from ssc_tune.processes import began
from ssc_tune.records import StudyFolder


class Tally:
    """Says things in one line each, and what comes again at the second, fourth, eighth, ... time only."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._counts = say, Counter[str]()
        self.last = ""

    def add(self, text: str) -> None:
        """Once more."""
        self.last = text
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
    """Tells what has become of workers that ended in the middle of a cell; ``cells`` are by the id of their trial."""

    def __init__(self, folder: StudyFolder, cells: Mapping[str, Cell], say: Callable[[str], None]) -> None:
        self._folder, self._cells, self.tally = folder, cells, Tally(say)

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
        why = "a worker died"
        if _MEMORY in _last_error(trial):
            why = "Ray ended a worker since its node runs low on memory; fewer cells at once (resources) need less"
            close_attempt(self._folder, self._cells[trial.trial_id].cell_id, why)
        self.tally.add(why)


def _last_error(trial: Trial) -> str:
    """What the last failure of a trial was, from the file of its failures; empty where there is none."""
    try:
        text = Path(trial.error_file or "").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text.rpartition("Failure # ")[2]


_MEMORY = "node running low on memory"
"""In what Ray says of a worker that its memory monitor has ended; tests/execution/test_machine_faults.py holds it."""


def close_attempt(folder: StudyFolder, cell_id: str, why: str) -> None:
    """Says of the attempt at a cell that is under way that its machine has ended it, so that it uses up no retry."""
    with contextlib.suppress(OSError):
        folder.close_attempts(cell_id, "machine", why)


def end_worker(folder: StudyFolder, signs: Signs, seconds: float, say: Callable[[str], None]) -> None:
    """Kills a worker that has shown no sign of life for so long, wherever it runs; one that is gone is no news."""
    if not _signal(signs, signal.SIGSTOP):  # so that it writes nothing more
        return
    who = f"worker {signs['pid']} on {signs['host']}"
    say(f"{who} has shown no sign of life for {seconds:.0f} s and is ended; its cell is tried again")
    close_attempt(folder, signs["cell"], f"{who} was frozen")
    _signal(signs, signal.SIGKILL)


_ANSWER = 60.0
"""Seconds that a node may take to send a signal."""


def _signal(signs: Signs, number: int) -> bool:
    """Sends a worker a signal, on whatever machine; whether there is one."""
    if signs["host"] == socket.gethostname():
        return _send(signs, number)
    try:
        return bool(ray.get(on_node(signs["node"], _send, signs, number), timeout=_ANSWER))
    except Exception:  # the node is lost: Ray moves its cells by itself
        return False


def _send(signs: Signs, number: int) -> bool:
    if began(signs["pid"]) != signs["process"]:  # the worker died long ago, and its number stands for another process
        return False
    try:
        os.kill(signs["pid"], number)
    except ProcessLookupError:
        return False
    return True
