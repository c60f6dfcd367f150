"""What tracking costs: writing a cell to MLflow, and what a worker does besides training, against the cell itself.

    python benchmarks/tracking.py                       # 6 cells, each written 5 times to each store; about a minute
    python benchmarks/tracking.py --quick --json tracking.json

Cells are those of studies/stability.yaml: the first points of its shared block, each method, one seed, at full length.
First this process does with each cell what a worker does (``ssc_tune.execution.worker.run_task``): training, and around
it the log of attempts, a file of progress after each evaluation, and the record. Meanwhile an audit hook counts every
database and socket that is opened. Only then is MLflow imported, and each record written as the driver writes it
(``ssc_tune.tracking.writer.Writer``) into fresh experiments: of an SQLite file, and of a tracking server on loopback.

CPU seconds are those of this process alone; those of the server's processes stand beside them. In a study the driver
writes from a thread of its own while other processes train, so that wall seconds of writing hold no cell up.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ssc_tune.design import Cell, Placement, placements
from ssc_tune.design.cells import fixed_cells
from ssc_tune.execution import worker
from ssc_tune.execution.task import Task
from ssc_tune.records import Record, StudyFolder
from ssc_tune.study import Study, load_study
from ssc_tune.training.hardware import describe, resolve_device

STUDY = Path(__file__).parents[1] / "studies" / "stability.yaml"
SEED = 0
TARGET = 0.03
"""The largest share of a cell's own CPU seconds that writing it should take."""


class Spent(NamedTuple):
    """Seconds."""

    cpu: float
    wall: float

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.cpu - other.cpu, self.wall - other.wall)


Written = list[tuple[Record, Sequence[Placement]]]


def timed(action: Callable[[], object]) -> Spent:
    """What a call takes of this process and of the clock."""
    cpu, wall = time.process_time(), time.perf_counter()
    action()
    return Spent(time.process_time() - cpu, time.perf_counter() - wall)


class Opened:
    """Counts databases and sockets that Python opens while ``watching``."""

    KINDS = ("sqlite3.connect", "socket.connect", "socket.bind")

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.watching = False
        sys.addaudithook(self._hook)

    def _hook(self, event: str, _: tuple[Any, ...]) -> None:
        if self.watching and event in self.KINDS:
            self.counts[event] += 1


def chosen_cells(study: Study, points: int) -> list[Cell]:
    """The first points of the study's first block: each method, one seed."""
    block = next(iter(study.blocks))
    places = [(cell, cell.placement) for cell in fixed_cells(study)]
    return [c for c, p in places if p.block == block and p.point < points and p.seed == SEED]


def run_cells(study: Study, cells: Sequence[Cell], storage: Path) -> tuple[list[Spent], list[Spent], Written]:
    """Does what a worker does with each cell; its seconds inside training, those around it, and the records."""
    inside: list[Spent] = []
    around: list[Spent] = []
    train = worker.train

    def measured(*args: Any, on_evaluation: Callable[[Any], None], **options: Any) -> Any:
        reports: list[Spent] = []
        results: list[Any] = []

        def report(evaluation: Any) -> None:
            reports.append(timed(lambda: on_evaluation(evaluation)))

        spent = timed(lambda: results.append(train(*args, on_evaluation=report, **options)))
        inside.append(spent - Spent(sum(r.cpu for r in reports), sum(r.wall for r in reports)))
        return results[0]

    worker.train = measured  # type: ignore[assignment]
    try:
        for cell in cells:
            task = Task(
                storage=str(storage),
                study=study.name,
                placement=tuple(cell.placement),
                config=cell.config,
                retries=0,
                registrations=(),
            )
            whole = timed(lambda task=task: worker.run_task(task))  # type: ignore[misc]
            around.append(whole - inside[-1])
    finally:
        worker.train = train
    folder, places = StudyFolder(storage, study.name), placements(list(cells))
    records, problems = folder.records.read_many([cell.cell_id for cell in cells], set_aside=False)
    assert not problems
    assert {record.result.status for record in records.values()} == {"ok"}
    return inside, around, [(records[cell.cell_id], places[cell.cell_id]) for cell in cells]


def write_cells(
    uri: str, study: Study, written: Written, folder: Path, repeats: int, *, server: int | None = None
) -> tuple[list[Spent], float]:
    """Writes every cell into ``repeats`` experiments; the seconds of each call, and CPU seconds of the server a cell.

    What a study costs once, its experiment and its parent run, is left out of both.
    """
    from ssc_tune.tracking.writer import Writer

    taken: list[Spent] = []
    served = 0.0
    for repeat in range(repeats):
        writer = Writer(uri, study.model_copy(update={"name": f"{study.name}-{repeat}"}), directory=folder)
        writer.parent(written[0][0].started)
        before = cpu_of_tree(server)
        for record, places in written:
            taken.append(timed(lambda w=writer, r=record, p=places: w.write_cell(r, p)))  # type: ignore[misc]
        served += cpu_of_tree(server) - before
    return taken, served / len(taken)


@contextmanager
def tracking_server(folder: Path) -> Iterator[tuple[str, int]]:
    """A tracking server on loopback, its address and its process's id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'server.db'}", "--artifacts-destination", str(folder)]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **quiet}, cwd=folder)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, (folder / "server.log").read_text()
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(60)


def cpu_of_tree(root: int | None) -> float:
    """CPU seconds of a process and all below it so far, to a hundredth; NaN without a process or without /proc."""
    below: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        pid = int(stat.parent.name)
        below.setdefault(int(fields[1]), []).append(pid)
        ticks[pid] = sum(int(value) for value in fields[11:15])
    if root is None or root not in ticks:
        return math.nan
    found, left = 0, [root]
    while left:
        pid = left.pop()
        found += ticks.get(pid, 0)
        left += below.get(pid, [])
    return found / os.sysconf("SC_CLK_TCK")


def row(what: str, spent: Sequence[Spent], cell: Spent | None, **more: Any) -> dict[str, Any]:
    """Medians, smallest and largest; the shares are those of the cell's own medians."""
    cpu, wall = sorted(s.cpu for s in spent), sorted(s.wall for s in spent)
    middle = Spent(statistics.median(cpu), statistics.median(wall))
    own = cell or middle
    return {
        "what": what,
        "count": len(spent),
        "cpu_seconds": middle.cpu,
        "cpu_range": [cpu[0], cpu[-1]],
        "wall_seconds": middle.wall,
        "wall_range": [wall[0], wall[-1]],
        "share_of_cpu": middle.cpu / own.cpu,
        "share_of_wall": middle.wall / own.wall,
        **more,
    }


def measure(study: Study, cells: Sequence[Cell], folder: Path, repeats: int) -> dict[str, Any]:
    """All rows, and what was opened meanwhile."""
    opened = Opened()
    opened.watching = True
    inside, around, written = run_cells(study, cells, folder / "runs")
    opened.watching = False
    in_worker = {"mlflow_imported": "mlflow" in sys.modules, "opened": dict(opened.counts)}
    rows = [row("training of a cell", inside, None)]
    own = Spent(rows[0]["cpu_seconds"], rows[0]["wall_seconds"])
    rows.append(row("worker, around training", around, own))
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    first = timed(lambda: _open(uri, folder))
    taken, _ = write_cells(uri, study, written, folder, repeats)
    rows.append(row("driver, a cell to SQLite", taken, own))
    with tracking_server(folder) as (address, pid):
        write_cells(address, study.model_copy(update={"name": "warm"}), written[:1], folder, 1)
        taken, served = write_cells(address, study, written, folder, repeats, server=pid)
        rows.append(row("driver, a cell to a server", taken, own, server_cpu_seconds=served))
    return {"rows": rows, "worker": in_worker, "opening_a_fresh_store": first._asdict()}


def _open(uri: str, folder: Path) -> None:
    from ssc_tune.tracking.client import open_client

    open_client(uri, folder)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | times | CPU ms (min-max) | wall ms (min-max) | % of CPU | % of wall |", "|" + " --- |" * 6]
    for r in rows:
        cells = [r["what"], str(r["count"])]
        for kind in ("cpu", "wall"):
            low, high = r[f"{kind}_range"]
            cells.append(f"{1e3 * r[f'{kind}_seconds']:.1f} ({1e3 * low:.1f}-{1e3 * high:.1f})")
        cells += [f"{100 * r['share_of_cpu']:.2f}", f"{100 * r['share_of_wall']:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Reads the command line, measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--points", type=int, default=3, help="points of the design, a cell a method each (default 3)")
    parser.add_argument("--repeats", type=int, default=5, help="times that a cell is written to a store (default 5)")
    parser.add_argument("--steps", type=int, help="steps of a cell instead of the study's own")
    parser.add_argument("--quick", action="store_true", help="1 point, 3 repeats")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write what was measured")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    study = load_study(STUDY, [] if arguments.steps is None else [f"training.steps={arguments.steps}"])
    cells = chosen_cells(study, 1 if arguments.quick else arguments.points)
    folder = Path(tempfile.mkdtemp(prefix="ssc-tune-tracking-"))
    try:
        found = measure(study, cells, folder, 3 if arguments.quick else arguments.repeats)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    machine = {**describe(resolve_device("cpu")), "torch": torch.__version__, "load": f"{os.getloadavg()[0]:.1f}"}
    found |= {"machine": machine, "cells": len(cells), "steps": study.training.steps}
    report(found)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")


def report(found: dict[str, Any]) -> None:
    """Prints what was measured."""
    print(f"{found['machine']}\n{found['cells']} cells of {STUDY.name}, {found['steps']} steps each\n")
    print(table(found["rows"]))
    worker, server = found["worker"], found["rows"][-1]["server_cpu_seconds"]
    print(f"\nworker: mlflow imported: {worker['mlflow_imported']}; opened: {worker['opened'] or 'nothing'}")
    own = found["rows"][0]["cpu_seconds"]
    print(f"server: {1e3 * server:.1f} CPU ms a cell beside the driver's, {server / own:.2%} of the cell's")
    opening = found["opening_a_fresh_store"]
    print(f"once: importing mlflow and making an SQLite store's tables, {opening['cpu']:.1f} CPU s")
    worst = max(r["share_of_cpu"] for r in found["rows"][2:])
    print(f"writing a cell takes at most {worst:.2%} of its CPU seconds; target: {TARGET:.0%}")


if __name__ == "__main__":
    main()
