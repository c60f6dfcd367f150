"""What a user waits for beside training: seconds from the command to the first cell, and from the last to the end.

    python benchmarks/waiting.py studies/quick.yaml --rounds 3
    python benchmarks/waiting.py studies/quick.yaml --rounds 3 --against ../before   # a checkout of another revision

Each run is the command of the README in a process and a storage of its own, where Python may write no compiled files
beside the sources (``PYTHONDONTWRITEBYTECODE``), as in many containers: "first" with an empty cache folder, "again"
with what the first has left there. Revisions take turns. Times of cells are those of their records.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from ssc_tune.training.hardware import describe, resolve_device


class Waited(NamedTuple):
    """Seconds of one run."""

    begun: float  # from the command to the start of the first cell
    trained: float  # and to its end
    ended: float  # from the end of the last cell to that of the command
    whole: float


def run(checkout: Path, study: str, caches: Path) -> Waited:
    """One run of the command."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("PYTHONPYCACHEPREFIX", "PYTHONPATH")}
    environment = {**inherited, "PYTHONDONTWRITEBYTECODE": "1", "XDG_CACHE_HOME": str(caches)}
    with tempfile.TemporaryDirectory() as folder:
        command = [str(checkout / ".venv/bin/python"), "-m", "ssc_tune.run", study, "--storage", folder]
        command += ["--tracking-uri", f"sqlite:///{folder}/mlflow.db"]
        began = time.time()
        subprocess.run(command, cwd=checkout, env=environment, check=True, capture_output=True)
        over = time.time()
        records = [json.loads(path.read_text())["record"] for path in Path(folder).glob("*/records/*.json")]
    first = min(records, key=lambda record: record["ended"])
    last = max(record["ended"] for record in records)
    return Waited(min(r["started"] for r in records) - began, first["ended"] - began, over - last, over - began)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, help="a checkout of another revision, with an environment in .venv")
    parser.add_argument("--only", choices=["first", "again"], help="leave the other runs out")
    arguments = parser.parse_args()
    here = Path(__file__).parents[1]
    checkouts = {"before": arguments.against.resolve()} if arguments.against else {}
    checkouts["this revision"] = here
    found: dict[tuple[str, str], list[Waited]] = {}
    for _ in range(arguments.rounds):
        for name, checkout in checkouts.items():
            with tempfile.TemporaryDirectory() as caches:
                for kind in ("first", "again"):
                    one = run(checkout, arguments.study, Path(caches))
                    if arguments.only in (None, kind):
                        found.setdefault((name, kind), []).append(one)
                    print(f"{name}, {kind}: {one}", file=sys.stderr, flush=True)
                    if arguments.only == "first":
                        break
    print(
        f"{describe(resolve_device('cpu'))}, {arguments.study}, {arguments.rounds} rounds: median (least to most), s\n"
    )
    print("| revision | run | to the first cell's start | to its end | after the last cell | in all |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (name, kind), runs in found.items():
        columns = [_shown([waited[k] for waited in runs]) for k in range(4)]
        print(f"| {name} | {kind} | {' | '.join(columns)} |")


def _shown(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


if __name__ == "__main__":
    main()
