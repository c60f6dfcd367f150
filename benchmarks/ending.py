"""CPU seconds from the last cell to the report: tables, analysis, registration, drawing, on made-up records.

    python benchmarks/ending.py studies/stability.yaml              # 3 rounds, medians with the least and the most
    python benchmarks/ending.py studies/stability.yaml --set design.points=2048 --set design.looks=null --rounds 1
    python benchmarks/ending.py studies/stability.yaml --profile 30 # and the functions that take longest

Every cell of the study's design gets an accuracy that falls smoothly away from the middle of the space, with a
sensitivity of its method and seed, and noise; nothing is trained. Each round is a process of its own that has imported
everything that a run has imported by its last cell, and runs on one thread.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

THREADS = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
START = 1_700_000_000.0


def made_up(study: Any) -> dict[str, Any]:
    """A record for every cell of a fixed design."""
    import numpy as np

    from ssc_tune.design.cells import fixed_cells
    from ssc_tune.design.points import fixed_points
    from ssc_tune.records import Attempt, Record
    from ssc_tune.study.registration import plan_hash
    from ssc_tune.training.result import Evaluation, RunResult

    ranks: dict[tuple[str, int], Any] = {}
    for block in study.blocks:
        points = fixed_points(study, block)
        for name in study.block_parameters(block):
            order = np.argsort(np.argsort([float(point.values[name]) for point in points[1:]], kind="stable"))
            for point, rank in zip(points[1:], order, strict=True):
                ranks.setdefault((block, point.number), []).append(2 * (rank + 0.5) / (len(points) - 1) - 1)
    cells = list({cell.cell_id: cell for cell in fixed_cells(study)}.values())
    hash_, records = plan_hash(study), {}
    steps, count = study.training.steps, study.training.evaluations
    for number, cell in enumerate(cells):
        place = cell.placement
        away = np.asarray(ranks.get((place.block, place.point), [0.0]))
        method = list(study.methods).index(place.method)
        slope = (0.12 + 0.05 * method) * (1 + 0.3 * np.random.default_rng([method, place.seed]).normal())
        noise = np.random.default_rng([number, 7]).normal() * 0.01
        accuracy = float(np.clip(0.85 - slope * float((away**2).mean()) - 0.05 * away[0] + noise, 0.05, 0.99))
        history = tuple(
            Evaluation(
                step=round(steps * (i + 1) / count),
                time=START + number + i,
                train_loss=1.0 / (1 + i),
                loss_terms={},
                validation_accuracy=accuracy * (1 - 0.5 ** (i + 1)),
                confident_fraction=0.5,
                confident_accuracy=0.9,
                learning_rate=0.03,
                images_per_second=1000.0,
            )
            for i in range(count)
        )
        result = RunResult(
            status="ok",
            steps=steps,
            validation_accuracy=history[-1].validation_accuracy,
            test_accuracy=accuracy,
            steps_to_90=steps,
            seconds=1.0,
            images_per_second=1000.0,
            num_classes=10,
            num_parameters=10,
            history=history,
        )
        records[cell.cell_id] = Record(
            cell_id=cell.cell_id,
            study=study.name,
            block=place.block,
            setting=place.setting,
            point=place.point,
            config=cell.config,
            result=result,
            attempts=(Attempt(number=1, started=START + number, ended=START + number + 5, outcome="finished"),),
            versions={"torch": "0"},
            environment={"host": "here"},
            registrations=(hash_,),
            started=START + number,
            ended=START + number + 5,
        )
    return records


def one_round(path: str, settings: list[str], profile: int) -> dict[str, Any]:
    """Seconds of each part, in this process."""
    from ssc_tune import report, running
    from ssc_tune.analysis.analyze import analyze
    from ssc_tune.analysis.build import build_tables
    from ssc_tune.design.cells import fixed_cells
    from ssc_tune.running.registration import declare
    from ssc_tune.study.load import load_study

    study = load_study(Path(path), overrides=settings)
    spent: dict[str, float] = {}
    wall: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        before, began = time.process_time(), time.perf_counter()
        found = work()
        spent[name] = time.process_time() - before
        wall[name] = time.perf_counter() - began
        return found

    with tempfile.TemporaryDirectory() as made:
        folder = running.folder_of(study, running.Options(storage=Path(made)))
        cells, records = fixed_cells(study), made_up(study)
        profiler = cProfile.Profile()
        if profile:
            profiler.enable()
        tables = timed("tables", lambda: build_tables(study, cells, records))
        found = timed("analysis", lambda: analyze(study, tables))
        analysis = timed("registration", lambda: declare(study, folder, cells, records, found))
        timed(
            "report",
            lambda: report.write(
                study,
                tables,
                analysis,
                folder.path,
                command="made up",
                versions={},
                overhead=None,
                records=list(records.values()),
                geometries={},
                hints=[],
            ),
        )
        if profile:
            profiler.disable()
            pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(profile)
            pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumtime").print_stats(3 * profile)
    return {"cells": len(records), "cpu": spent | {"all": sum(spent.values())}, "wall": sum(wall.values())}


def main() -> None:
    """Reads the command line, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("study", help="a study file with a fixed design")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in a run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", type=int, default=0, metavar="N", help="print the N functions that take longest")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one or arguments.profile:
        print(json.dumps(one_round(arguments.study, arguments.set, arguments.profile)))
        return
    command = [sys.executable, __file__, arguments.study, "--one"]
    for text in arguments.set:
        command += ["--set", text]
    rounds = []
    for _ in range(arguments.rounds):
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **THREADS})
        rounds.append(json.loads(done.stdout.splitlines()[-1]))
    print(f"{rounds[0]['cells']} cells, {len(rounds)} rounds, CPU seconds, medians (least-most)\n")
    for name in rounds[0]["cpu"]:
        values = [found["cpu"][name] for found in rounds]
        print(f"{name:14}{statistics.median(values):7.2f} ({min(values):.2f}-{max(values):.2f})")
    walls = [found["wall"] for found in rounds]
    print(f"{'wall':14}{statistics.median(walls):7.2f} ({min(walls):.2f}-{max(walls):.2f})")


if __name__ == "__main__":
    main()
