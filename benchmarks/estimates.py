"""How far `--dry-run` is from the truth: each study's time as estimated before it runs, and as it took.

    python benchmarks/estimates.py studies/quick.yaml studies/label_noise/embedded.yaml

Runs every study whole, into folders that are thrown away, and prints a row each in Markdown, then the medians of what
`ssc_tune/running/estimate.py` takes for granted: seconds in which no cell trains.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ssc_tune import running
from ssc_tune.execution.place import HERE
from ssc_tune.records import Record, StudyFolder
from ssc_tune.running.estimate import estimate
from ssc_tune.study import load_study


def around_and_between(records: list[Record], wall: float, workers: int) -> tuple[float, float]:
    """Seconds before the first and after the last cell, and the median from the end of a cell to the next's start."""
    spans = sorted((record.started, record.ended) for record in records)
    around = wall - (max(end for _, end in spans) - spans[0][0])
    free, gaps = [spans[0][0]] * workers, []
    for begin, end in spans:
        ready = max((f for f in free if f <= begin), default=min(free))
        gaps.append(begin - ready)
        free[free.index(ready)] = end
    return around, statistics.median(gaps)


def row(path: Path, storage: Path) -> tuple[str, float, float]:
    """A line of the table, and what no cell was trained in."""
    study = load_study(path)
    options, workers = running.Options(storage=storage, tracking_uri="none"), HERE.workers(study) or 1
    found = estimate(study, options, running.survey(study, options), workers=workers)
    command = [sys.executable, "-m", "ssc_tune.run", str(path), "--storage", str(storage), "--tracking-uri", "none"]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall = time.perf_counter() - started
    kept = StudyFolder(storage, study.name).records
    records = [r for path in kept.directory.glob("*.json") if (r := kept.read(path.stem)) is not None]
    trained = sum(record.result.seconds for record in records)
    cells = f"{found.seconds:.0f} | {trained:.0f} | {found.seconds / trained:.2f}"
    whole = f"{found.wall(workers):.0f} | {wall:.0f} | {found.wall(workers) / wall:.2f}"
    return (f"| `{path}` | {len(records)} | {cells} | {whole} |", *around_and_between(records, wall, workers))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="+", type=Path)
    arguments = parser.parse_args()
    print("| study | cells | training, estimated s | truth | ratio | the whole command, estimated s | truth | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    rest = []
    for path in arguments.studies:
        with tempfile.TemporaryDirectory() as storage:
            line, *other = row(path, Path(storage))
        rest.append(other)
        print(line, flush=True)
    around, between = (statistics.median(values) for values in zip(*rest, strict=True))
    print(f"\nbefore the first cell and after the last: {around:.1f} s; between cells: {between:.2f} s (medians)")


if __name__ == "__main__":
    main()
