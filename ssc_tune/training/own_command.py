"""A command as a method: how it is told its values, and how what it prints becomes numbers."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ssc_tune.training import pulse

OUTPUT = "output.txt"
"""Of a cell's folder: what the command wrote to its standard output and error, the last attempt's."""
RESULTS = "results.jsonl"
"""Of a cell's folder: where a command may write its results, a JSON object a line, instead of standard output."""
_SHOWN = 20
"""Last lines of its output that an error shows."""
_PR_SET_PDEATHSIG = 1
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
"""Exit codes of a command that was killed, and of a shell whose command was."""


class CommandKilled(RuntimeError):
    """A command was killed from outside."""


def arguments_of(command: Sequence[str], given: Mapping[str, Any]) -> list[str]:
    """The command with ``{NAME}`` replaced: hyperparameters by their names, ``{seed}`` and ``{folder}``.

    Other braces stay as they are.
    """
    values = {**given["hyperparameters"], "seed": given["seed"], "folder": given["folder"]}
    found = []
    for argument in command:
        for name, value in values.items():
            argument = argument.replace(f"{{{name}}}", str(value))
        found.append(argument)
    return found


def environment_of(given: Mapping[str, Any]) -> dict[str, str]:
    """What the command finds in its environment beside what this process has.

    ``SSC_TUNE_HYPERPARAMETERS`` and ``SSC_TUNE_SETTING`` are JSON objects, ``SSC_TUNE_SEED`` is a number,
    ``SSC_TUNE_FOLDER`` keeps checkpoints and ``SSC_TUNE_RESULTS`` is a file for results.
    """
    return {
        "SSC_TUNE_HYPERPARAMETERS": json.dumps(given["hyperparameters"]),
        "SSC_TUNE_SETTING": json.dumps(given["setting"]),
        "SSC_TUNE_SEED": str(given["seed"]),
        "SSC_TUNE_FOLDER": str(given["folder"]),
        "SSC_TUNE_RESULTS": str(Path(given["folder"]) / RESULTS),
    }


def run_command(command: Sequence[str], where: Path, given: Mapping[str, Any], report: Callable[..., None]) -> None:
    """Runs the command to its end and reports every JSON object that it writes on a line.

    Args:
        command: program and arguments; ``python`` is the one that runs this.
        where: folder it runs in.
        given: hyperparameters, seed, setting, folder.
        report: called with the entries of each object.

    Raises:
        RuntimeError: it ended with another exit code than 0; the message holds its last lines.
        CommandKilled: by SIGKILL.
        FileNotFoundError: there is no such program.
    """
    folder = Path(given["folder"])
    (folder / RESULTS).unlink(missing_ok=True)
    arguments = arguments_of(command, given)
    if arguments[0] in ("python", "python3"):
        arguments[0] = sys.executable
    process = subprocess.Popen(
        arguments,
        cwd=where,
        env={**os.environ, **environment_of(given), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=_end_with_parent(),
    )
    last: deque[str] = deque(maxlen=_SHOWN)
    with _ended_with(process), (folder / OUTPUT).open("w", encoding="utf-8") as kept:
        assert process.stdout is not None
        for line in process.stdout:
            pulse.beat()
            kept.write(line)
            kept.flush()
            last.append(line.rstrip("\n"))
            _report(last[-1], report)
        code = process.wait()
    if code:
        told = "\n".join(last)
        how = f"ended with exit code {code}" if code not in _KILLED else "was killed, as a system short of memory does"
        error = RuntimeError if code not in _KILLED else CommandKilled
        raise error(f"the command {how}: {' '.join(arguments)}\n{told}")
    if (folder / RESULTS).exists():
        for line in (folder / RESULTS).read_text(encoding="utf-8").splitlines():
            _report(line, report)


def _report(line: str, report: Callable[..., None]) -> None:
    """A line that is a JSON object with numbers is reported; any other is only kept."""
    if not line.startswith("{"):
        return
    try:
        entries = json.loads(line)
    except ValueError:
        return
    report(**{name: value for name, value in entries.items() if name == "step" or isinstance(value, int | float)})


@contextlib.contextmanager
def _ended_with(process: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever ends the block early ends the command and what it started."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux a command ends with the worker that started it, however that ends."""
    if not sys.platform.startswith("linux") or threading.current_thread() is not threading.main_thread():
        return None  # the signal would come with the end of the thread
    library = ctypes.CDLL(None)
    return lambda: library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
