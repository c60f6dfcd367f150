"""The command line as a user calls it, on a study of six short cells."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ssc_tune.design.cells import fixed_cells
from ssc_tune.records import Record, StudyFolder
from ssc_tune.study import load_study
from tests.making.cells import without_times

STUDY = """\
name: tiny
data: {name: digits, labels_per_class: 1, validation: 50}
training: {steps: 6, evaluations: 3}
methods: [fixmatch, ssc]
hyperparameters: {batch_size: 8, mu: 1}
search_space:
  parameters:
    learning_rate: {type: float, default: 0.03, factor: 3}
design: {type: defaults}
seeds: 3
retries: 1
"""
GATE = "gate"
"""Cells with the fault ``hold`` go on as soon as this file is in the folder of their launch."""
FAULTS = Path(__file__).parents[1] / "execution" / "faults"
"""What makes the faults that a launch is given."""


class Launches:
    """Runs of one study in one folder.

    Args:
        folder: to run in.
        more: lines of the study's file.
        storage: below the folder.
    """

    def __init__(self, folder: Path, more: str = "", storage: str = "runs") -> None:
        self.folder = folder
        (folder / "tiny.yaml").write_text(STUDY + more)
        self.study = load_study(folder / "tiny.yaml")
        self.store = StudyFolder(folder / storage, "tiny")
        self.environment: dict[str, str] = {}
        self.gate = folder / GATE

    def start(self, *arguments: str, faults: str = "", python_path: str = "") -> subprocess.Popen[str]:
        """Starts the command in a process group of its own."""
        paths = os.pathsep.join(filter(None, [str(FAULTS) if faults else "", python_path]))
        environment = {**os.environ, "SSC_TUNE_FAULTS": faults, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
        environment |= {"SSC_TUNE_GATE": str(self.gate), **self.environment}
        arguments = ("--storage", str(self.store.storage), *arguments)
        return subprocess.Popen(
            [sys.executable, "-m", "ssc_tune.run", "tiny.yaml", "--tracking-uri", "none", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, faults: str = "", python_path: str = "") -> tuple[int, str, str]:
        """Runs the command to its end: exit code, stdout, stderr."""
        process = self.start(*arguments, faults=faults, python_path=python_path)
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    def run_below_uv(self, *arguments: str) -> tuple[int, str, str]:
        """Runs the command below a process whose command line is that of ``uv run``: exit code, stdout, stderr."""
        command = [sys.executable, "-m", "ssc_tune.run", "tiny.yaml", "--tracking-uri", "none", *arguments]
        (self.folder / "run").write_text(f"{shlex.join(command)}\nexit $?\n")
        process = subprocess.run(
            ["bash", "-c", "exec -a uv bash run"],
            cwd=self.folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=300,
        )
        return process.returncode, process.stdout, process.stderr

    def records(self) -> dict[tuple[str, int], Record]:
        """Records by method and seed."""
        found = {}
        for cell in fixed_cells(self.study):
            record = self.store.records.read(cell.cell_id)
            if record is not None:
                found[cell.placement.method, cell.placement.seed] = record
        return found

    def results(self) -> dict[tuple[str, int], Any]:
        """All of the records that every run must repeat."""
        return {key: without_times(record.result) for key, record in self.records().items()}

    def times(self) -> dict[str, int]:
        """When each record was written."""
        return {path.name: path.stat().st_mtime_ns for path in self.store.records.directory.glob("*.json")}

    def progress(self) -> int:
        """Cells under way that have a checkpoint and have said so: one that has just got its record is not."""
        said = self.store.path.glob("cells/*/progress.json")
        return sum(not self.store.records.path(path.parent.name).exists() for path in said)


def deciding(record: Record) -> dict[str, Any]:
    """All of a record but when, where and how fast."""
    found = record.model_dump(mode="json", exclude={"started", "ended", "attempts", "environment"})
    for key in ("seconds", "images_per_second", "peak_memory"):
        del found["result"][key]
    for evaluation in found["result"]["history"]:
        del evaluation["time"], evaluation["images_per_second"]
    return found


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 200) -> None:
    """Waits for a condition while a process runs."""
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)


def processes_of(launches: Launches) -> list[str]:
    """The command lines of all that a launch has started, and of what that has started, in whatever session."""
    mark, found = f"SSC_TUNE_GATE={launches.gate}\0".encode(), []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (path / "environ").read_bytes():
                found.append((path / "cmdline").read_text().replace("\0", " "))
    return [line for line in found if line and "ssc_tune.compiling" not in line]


def kill_group(process: subprocess.Popen[str]) -> None:
    """As the machine's end would: the driver and all it started in its group; nothing where it has ended by itself."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
