"""What the real scheduler costs a cell where training costs nothing, and how the driver's memory grows.

    python benchmarks/scheduler.py                        # 10,000 cells on two Ray nodes of one core each
    python benchmarks/scheduler.py --cells 2000 --nodes 0 # on a Ray of the run's own
    python benchmarks/scheduler.py --json scheduler.json

A study of one method of one's own that returns at once, run as users run it, in a process of its own (the driver) whose
resident memory (proportional, so that shared pages count once) and CPU time are read with the number of its records
four times a second. It prints seconds a cell, and memory at chosen numbers of cells, as a share of that at the first;
what a cell costs the driver, as median and range over tenths of the run; and what follows for 1,000 GPUs.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[1]
METHOD = '''\
import hashlib


def cell(hyperparameters, seed):
    """An accuracy that its values decide, at once."""
    text = repr((sorted(hyperparameters.items()), seed)).encode()
    share = int(hashlib.sha256(text).hexdigest()[:8], 16) / 0xFFFFFFFF
    return {"validation_accuracy": 0.6 + 0.2 * share, "test_accuracy": 0.6 + 0.2 * share}
'''
STUDY = """\
name: simulated
own_methods: {{simulated: {{function: "simulated:cell", hyperparameters: {{learning_rate: 0.03}}}}}}
methods: [simulated]
search_space: {{parameters: {{learning_rate: {{type: float, default: 0.03, factor: 3}}}}}}
design: {{type: sobol, points: {points}}}
seeds: {seeds}
"""
SEEDS = 10
GPUS, EACH = 1_000, 4
"""GPUs of a large cluster, and cells that each holds."""


class Reading(NamedTuple):
    """What was read of a run at one time."""

    seconds: float
    cells: int
    memory: int  # bytes
    cpu: float  # seconds


def measure(folder: Path, cells: int, address: str | None, environment: dict[str, str]) -> list[Reading]:
    """Runs the study to its end; what was read four times a second."""
    (folder / "simulated.py").write_text(METHOD)
    (folder / "study.yaml").write_text(STUDY.format(points=cells // SEEDS - 1, seeds=SEEDS))
    command = [sys.executable, "-m", "ssc_tune.run", "study.yaml", "--tracking-uri", "none"]
    command += [] if address is None else ["--address", address]
    records = folder / "runs" / "simulated" / "records"
    found: list[Reading] = []
    with open(folder / "out.txt", "wb") as out:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, stdout=out, stderr=out)
        began = time.monotonic()
        driver = psutil.Process(process.pid)
        while process.poll() is None:
            time.sleep(0.25)
            try:
                done = sum(1 for _ in os.scandir(records)) if records.is_dir() else 0
                spent = driver.cpu_times()
                memory = driver.memory_full_info().pss
                found.append(Reading(time.monotonic() - began, done, memory, spent.user + spent.system))
            except psutil.Error:
                break
        code = process.wait()
    if code:
        raise SystemExit((folder / "out.txt").read_text())
    return found


def at(found: list[Reading], cells: int) -> Reading:
    """What was read first with so many records."""
    return next(row for row in found if row.cells >= cells)


def spread(rates: list[float], unit: str, scale: float = 1.0) -> str:
    """Median and range."""
    low, middle, high = (scale * rate for rate in (min(rates), statistics.median(rates), max(rates)))
    return f"{middle:.2f} ({low:.2f}-{high:.2f}) {unit}"


def costs(found: list[Reading], cells: int) -> list[str]:
    """What a cell costs the driver, and what that means for a large cluster, a line each."""
    marks = [at(found, cells * k // 10) for k in range(2, 11)]  # the first tenth starts the workers
    tenths = [(a, b, b.cells - a.cells) for a, b in itertools.pairwise(marks) if b.cells > a.cells]
    wall = [(b.seconds - a.seconds) / n for a, b, n in tenths]
    cpu = [(b.cpu - a.cpu) / n for a, b, n in tenths]
    grown = (marks[-1].memory - marks[0].memory) / (marks[-1].cells - marks[0].cells)
    core = GPUS * EACH * statistics.median(cpu)
    return [
        f"a cell: {spread(wall, 'ms', 1000)} from one to the next, {spread(cpu, 'ms', 1000)} of the driver's CPU, "
        f"{grown / 1024:.1f} KiB of its memory",
        f"{GPUS:,} GPUs with {EACH} cells each: the driver needs a whole core where a cell lasts {core:.0f} s, a tenth "
        f"of it at {10 * core:.0f} s; 100,000 cells are {100_000 * grown / 2**30:.1f} GiB of its memory",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--nodes", type=int, default=2, help="Ray nodes of one core each; 0 is a Ray of the run's own")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scheduler-")))
        address, environment = None, {}
        if arguments.nodes:
            from tests.making.clusters import cluster

            (folder / "nodes").mkdir()
            made = stack.enter_context(cluster(folder / "nodes"))
            for _ in range(arguments.nodes):
                made.start().wait()
            address, environment = made.address, made.environment
        found = measure(folder, arguments.cells, address, environment)
    marks = [n for n in (200, 500, 1000, 2000, 5000, 10_000) if n <= arguments.cells]
    rows = [at(found, mark) for mark in marks]
    base = rows[0]
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {arguments.nodes} nodes")
    print("cells  seconds  s a cell  driver MiB  of that at the first")
    for row in rows:
        more = row.cells - base.cells
        each = (row.seconds - base.seconds) / more if more else float("nan")
        memory = f"{row.memory / 2**20:11.1f} {row.memory / base.memory:8.3f}"
        print(f"{row.cells:6d} {row.seconds:8.1f} {each:9.4f} {memory}")
    print(*costs(found, arguments.cells), sep="\n")
    if arguments.json:
        content = {"cores": os.cpu_count(), "nodes": arguments.nodes, "rows": [row._asdict() for row in rows]}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
