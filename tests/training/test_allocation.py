"""A worker keeps the memory that its steps free, until the cell has ended."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from pathlib import Path

import pytest

from ssc_tune.training import allocation

GLIBC = hasattr(ctypes.CDLL(None), "gnu_get_libc_version")

SCRIPT = """
import json, resource, sys
from pathlib import Path
import torch
from ssc_tune.design.cells import fixed_cells
from ssc_tune.execution.task import make_task
from ssc_tune.execution import worker
from ssc_tune.records import StudyFolder
from tests.making.studies import study

SIZE = 64 * 2**20

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

def faults():
    # Of 10 tensors, one freed before the next is made.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.zeros(SIZE, dtype=torch.uint8).add_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

found = {"before": faults()}
small = study(training={"steps": 2, "evaluations": 1}, hyperparameters={"batch_size": 8, "mu": 1}, retries=0)
cell, folder, held = fixed_cells(small)[0], StudyFolder(Path(sys.argv[1]), small.name), []
original = worker.train

def train(*given, **named):
    result = original(*given, **named)
    found["within"] = faults()
    held.append(resident())
    return result

worker.train = train
found["status"] = worker.run_task(make_task(small, folder, cell, launch="one")).status
found["given back"] = held[0] - resident()
print(json.dumps({**found, "size": SIZE}))
"""


@pytest.mark.skipif(not GLIBC, reason="another C library")
def test_a_worker_clears_pages_once_and_gives_them_back_after_the_cell(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    run = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    found = json.loads(run.stdout)
    assert found["status"] == "ok"
    assert found["within"] < found["before"] / 4  # each tensor's pages, against those of the first
    assert found["given back"] > found["size"] / 2


def test_with_another_c_library_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocation.ctypes, "CDLL", lambda _: object())
    with allocation.kept():
        pass
