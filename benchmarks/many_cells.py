"""What a study of ten thousand cells costs those who look at it, go on with it or report it.

    python benchmarks/many_cells.py                          # 10,000 cells, each command once: some minutes
    python benchmarks/many_cells.py --mlflow                 # and with MLflow, which takes long to fill
    python benchmarks/many_cells.py --cells 300 --json many_cells.json
    python benchmarks/many_cells.py --keep DIR --only show   # DIR keeps the records for the next time

The storage is that of studies/stability.yaml with more points: two methods, five seeds, every cell with a record as a
worker writes it, its checksum right, 20 evaluations long with all their signatures; one in two hundred diverged, none
was trained. Each command is then a process of its own, and what is measured is that process: CPU seconds of user and
system together, by ``wait4``, and its largest resident size.

``no report`` are the commands before there is one; ``report`` writes it. ``goes on`` is the run of a study that has all
its records and its report: nothing is trained. With MLflow its first time writes every cell into an empty store, its
second finds them there.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.records import Attempt, Record, Registration, StudyFolder
from ssc_tune.records.files import sealed
from ssc_tune.records.registrations import register
from ssc_tune.running.changes import stored_study
from ssc_tune.study import Study, load_study
from ssc_tune.study.registration import plan_hash, plan_of
from ssc_tune.training.result import Evaluation, RunResult, steps_to_share

FILE = Path(__file__).resolve().parents[1] / "studies" / "stability.yaml"
METHODS, SEEDS, EVALUATIONS, STEPS = 2, 5, 20, 2000
START = 1_790_000_000.0
DIVERGED = 200
"""One cell in so many diverged."""
SIGNATURES = (
    "prototype_max_cosine",
    "prototype_mean_cosine",
    "prototype_rank",
    "embedding_rank",
    "embedding_mean_cosine",
    "class_imbalance",
    "loss_spike",
)


class Spent(NamedTuple):
    """What one command took."""

    name: str
    command: str
    exit_code: int
    cpu_seconds: float
    wall_seconds: float
    peak_mib: float

    def row(self) -> str:
        """Its row of the table."""
        return f"| {self.name} | {self.cpu_seconds:.1f} | {self.wall_seconds:.1f} | {self.peak_mib:,.0f} |"


def overrides(cells: int) -> list[str]:
    """What makes of the study one of at least so many cells."""
    points = max(2, -(-cells // (METHODS * SEEDS)) - 1)  # the defaults are a point more
    return [
        f"design.points={points}",
        "design.looks=[]",
        "design.stop=never",
        f"training.steps={STEPS}",
        f"training.evaluations={EVALUATIONS}",
    ]


def _evaluation(step: int, accuracy: float, draw: random.Random) -> Evaluation:
    share = step / STEPS
    return Evaluation(
        step=step,
        time=START + 0.05 * step,
        train_loss=2.3 * math.exp(-3 * share) + 0.1 * draw.random(),
        loss_terms={"labelled": draw.random(), "unlabelled": draw.random()},
        validation_accuracy=round(accuracy * (1 - math.exp(-5 * share)), 4),
        confident_fraction=draw.random(),
        confident_accuracy=draw.random(),
        learning_rate=0.03 * math.cos(7 * math.pi * share / 16),
        images_per_second=20_000 + 2_000 * draw.random(),
        signatures={name: draw.random() for name in SIGNATURES},
    )


def _result(cell: Cell, number: int, draw: random.Random) -> RunResult:
    """Accuracy falls with the distance from the best learning rate, for FixMatch faster."""
    rate = float(cell.config.hyperparameters["learning_rate"])
    slope = 0.05 if cell.placement.method == "fixmatch" else 0.02
    accuracy = round(0.9 - slope * math.log(rate / 0.04) ** 2 + draw.gauss(0, 0.01), 4)
    diverged = number % DIVERGED == DIVERGED - 1
    steps = [round(STEPS * (k + 1) / EVALUATIONS) for k in range(EVALUATIONS // 2 if diverged else EVALUATIONS)]
    history = tuple(_evaluation(step, accuracy, draw) for step in steps)
    return RunResult(
        status="diverged" if diverged else "ok",
        steps=steps[-1],
        validation_accuracy=None if diverged else history[-1].validation_accuracy,
        test_accuracy=None if diverged else accuracy,
        steps_to_90=None if diverged else steps_to_share(history, 0.9),
        seconds=100 + draw.random(),
        images_per_second=None if diverged else 20_000 + 2_000 * draw.random(),
        num_classes=10,
        num_parameters=77_562,
        history=history,
        peak_memory=500_000_000 + draw.randrange(10_000_000),
    )


def records_of(study: Study) -> Iterator[Record]:
    """A made-up record of every cell, begun after the study's plan was registered."""
    cells = {cell.cell_id: cell for cell in fixed_cells(study)}
    stood = (plan_hash(study),)
    for number, (cell_id, cell) in enumerate(cells.items()):
        draw = random.Random(number)
        began = START + 50.0 * number
        yield Record(
            cell_id=cell_id,
            study=study.name,
            block=cell.placement.block,
            setting=cell.placement.setting,
            point=cell.placement.point,
            config=cell.config,
            result=_result(cell, number, draw),
            attempts=(Attempt(number=1, started=began, ended=began + 100, outcome="finished", host="node-1"),),
            versions={"python": "3.11.7", "torch": "2.11.0", "numpy": "2.3.5", "ssc_tune": "0.1.0"},
            environment={"host": "node-1", "processor": "made up", "device": "cpu", "threads": "1"},
            registrations=stood,
            started=began,
            ended=began + 100,
        )


def fill(study: Study, storage: Path) -> None:
    """Writes what a whole run of a study leaves, views left out.

    Not by the store's own way of writing, which waits for the disk at every record.
    """
    folder = StudyFolder(storage, study.name)
    folder.records.directory.mkdir(parents=True)
    plan = plan_of(study)
    register(folder, Registration(hash=plan_hash(study), time=START - 1, study=study.name, plan=plan))
    folder.write_json("study.json", stored_study(study, f"python -m ssc_tune.run {FILE.name}"))
    for record in records_of(study):
        path = folder.records.path(record.cell_id)
        path.write_text(sealed("record", record.model_dump_json()) + "\n", encoding="utf-8")


def measure(name: str, command: Sequence[str], *, directory: Path) -> Spent:
    """Runs a command in a process of its own; its output goes to a file below ``directory``."""
    log = directory / f"{name.replace(' ', '_').replace(',', '')}.log"
    began = time.monotonic()
    with log.open("wb") as out:
        actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, out.fileno(), 2)]
        pid = os.posix_spawn(sys.executable, [sys.executable, *command], os.environ, file_actions=actions)
        _, status, used = os.wait4(pid, 0)
    wall, code = time.monotonic() - began, os.waitstatus_to_exitcode(status)
    if code:
        sys.exit(f"{name}: exit {code}\n{log.read_text(errors='replace')[-2000:]}")
    unit = 2**20 if sys.platform == "darwin" else 2**10  # of ru_maxrss
    return Spent(name, " ".join(command), code, used.ru_utime + used.ru_stime, wall, used.ru_maxrss / unit)


def commands(study: Study, storage: Path, cells: int) -> dict[str, list[str]]:
    """Arguments of Python, by what is measured, in the order in which they are run."""
    where = ["--storage", str(storage)]
    own = ["-m", "ssc_tune.cli"]
    sets = [part for override in overrides(cells) for part in ("--set", override)]
    run = ["-m", "ssc_tune.run", str(FILE), *sets, *where]
    mlflow = [*run, "--log-models", "none", "--tracking-uri", f"sqlite:///{storage}/mlflow.db"]
    return {
        "list, no report": [*own, "list", *where],
        "show, no report": [*own, "show", study.name, *where],
        "dry-run": [*run, "--dry-run"],
        "goes on, no report": [*run, "--tracking-uri", "none"],
        "list": [*own, "list", *where],
        "show": [*own, "show", study.name, *where],
        "show a cell": [*own, "show", study.name, fixed_cells(study)[0].cell_id, *where],
        "goes on": [*run, "--tracking-uri", "none"],
        "report": [*own, "report", study.name, *where],
        "MLflow, empty": mlflow,
        "MLflow, filled": mlflow,
    }


def table(found: Sequence[Spent]) -> str:
    """A Markdown table."""
    head = ["| command | CPU s | wall s | peak MiB |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *(spent.row() for spent in found)])


def machine() -> str:
    """What it was measured on, in words."""
    load = os.getloadavg()[0]
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}"


def measured(cells: int, directory: Path, chosen: Callable[[str], bool]) -> dict[str, Any]:
    """Makes the storage below ``directory``, unless it is there, and measures the chosen commands."""
    study = load_study(FILE, overrides(cells))
    storage = directory / f"cells_{cells}"
    began = time.process_time()
    folder = StudyFolder(storage, study.name)
    if not folder.path.exists():
        fill(study, storage)
        print(f"storage made in {time.process_time() - began:.0f} CPU s", file=sys.stderr)
    sizes = [entry.stat().st_size for entry in os.scandir(folder.records.directory) if entry.name.endswith(".json")]
    found = []
    for name, command in commands(study, storage, cells).items():
        if chosen(name):
            found.append(measure(name, command, directory=directory))
            print(found[-1].row(), file=sys.stderr, flush=True)
    return {
        "cells": len(sizes),
        "megabytes_of_records": round(sum(sizes) / 1e6, 1),
        "report_megabytes": _megabytes(folder.path / "report.html"),
        "machine": machine(),
        "rows": [spent._asdict() for spent in found],
    }


def _megabytes(path: Path) -> float | None:
    return round(path.stat().st_size / 1e6, 2) if path.exists() else None


def main() -> None:
    """Reads the command line, measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cells", type=int, default=10_000, metavar="N", help="at least so many (default 10,000)")
    parser.add_argument("--only", action="append", metavar="NAME", help="rows whose name begins so; may be repeated")
    parser.add_argument("--mlflow", action="store_true", help="with the rows of MLflow")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the storage there, use it again, leave it")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write the numbers")
    arguments = parser.parse_args()

    def chosen(name: str) -> bool:
        if arguments.only:
            return any(name.startswith(start) for start in arguments.only)
        return arguments.mlflow or not name.startswith("MLflow")

    with tempfile.TemporaryDirectory() as made:
        directory = arguments.keep or Path(made)
        directory.mkdir(parents=True, exist_ok=True)
        found = measured(arguments.cells, directory, chosen)
        spent = [Spent(**row) for row in found["rows"]]
    print(f"\n{found['cells']:,} cells, {found['megabytes_of_records']:,} MB of records; {found['machine']}\n")
    print(table(spent))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
