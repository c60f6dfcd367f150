"""What the real scheduler costs a cell where training costs nothing, and how the driver's memory grows.

    python benchmarks/scheduler.py                        # 10,000 cells on two Ray nodes of one core each
    python benchmarks/scheduler.py --cells 2000 --nodes 0 # on a Ray of the run's own
    python benchmarks/scheduler.py --json scheduler.json

A study of one method of one's own that returns at once, run as users run it, in a process of its own whose resident
memory (proportional, so that shared pages count once) is read with the number of its records once a second. What it
prints: seconds a cell, and memory at chosen numbers of cells, as a share of that at the first.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

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


def measure(folder: Path, cells: int, address: str | None, environment: dict[str, str]) -> list[tuple[float, int, int]]:
    """Runs the study to its end; seconds, records and bytes of the driver, once a second."""
    (folder / "simulated.py").write_text(METHOD)
    (folder / "study.yaml").write_text(STUDY.format(points=cells // SEEDS - 1, seeds=SEEDS))
    command = [sys.executable, "-m", "ssc_tune.run", "study.yaml", "--tracking-uri", "none"]
    command += [] if address is None else ["--address", address]
    records = folder / "runs" / "simulated" / "records"
    found: list[tuple[float, int, int]] = []
    with open(folder / "out.txt", "wb") as out:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, stdout=out, stderr=out)
        began = time.monotonic()
        driver = psutil.Process(process.pid)
        while process.poll() is None:
            time.sleep(1.0)
            try:
                done = sum(1 for _ in os.scandir(records)) if records.is_dir() else 0
                found.append((time.monotonic() - began, done, driver.memory_full_info().pss))
            except psutil.Error:
                break
        code = process.wait()
    if code:
        raise SystemExit((folder / "out.txt").read_text())
    return found


def at(found: list[tuple[float, int, int]], cells: int) -> tuple[float, int, int]:
    """What was read first with so many records."""
    return next(row for row in found if row[1] >= cells)


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
    for seconds, done, memory in rows:
        each = (seconds - base[0]) / (done - base[1]) if done > base[1] else float("nan")
        print(f"{done:6d} {seconds:8.1f} {each:9.4f} {memory / 2**20:11.1f} {memory / base[2]:8.3f}")
    if arguments.json:
        content = {"cores": os.cpu_count(), "nodes": arguments.nodes, "rows": rows}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
