"""What a cell's time goes to beside its steps: beginning, evaluations, checkpoints, test, picture of prototypes.

    python benchmarks/cell.py studies/stability.yaml --cells 5

Trains the cell of the defaults of each of a study's methods, with seeds of its own, each in a fresh folder; the
parts' functions are timed from outside. "in the disk" is what of checkpoints and picture is waiting for the disk
(fsync). Medians over cells, of wall and CPU milliseconds a cell, after one cell that is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import torch

from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.errors import InputError
from ssc_tune.study import load_study
from ssc_tune.training import checkpoint, train
from ssc_tune.training.hardware import describe
from ssc_tune.training.loop import RunningCell

WHOLE = "the whole cell"
PARTS: dict[str, tuple[Any, str]] = {
    "beginning": (RunningCell, "__init__"),
    "steps and evaluations": (RunningCell, "advance"),
    "evaluations": (RunningCell, "_evaluate"),
    "checkpoints": (checkpoint, "save"),
    "in the disk": (os, "fsync"),
    "test images": (RunningCell, "result"),
    "picture of prototypes": (RunningCell, "write_geometry"),
}
"""Where each is done."""


class Spent(NamedTuple):
    """Seconds."""

    wall: float = 0.0
    cpu: float = 0.0

    def plus(self, other: Spent) -> Spent:
        """The sum of both."""
        return Spent(self.wall + other.wall, self.cpu + other.cpu)


@contextmanager
def timed(spent: dict[str, Spent], name: str) -> Iterator[None]:
    """Adds what the block takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        took = Spent(time.perf_counter() - wall, time.process_time() - cpu)
        spent[name] = spent.get(name, Spent()).plus(took)


def one(cell: Cell) -> dict[str, Spent]:
    """What one training of a cell takes."""
    spent: dict[str, Spent] = {}

    def around(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            with timed(spent, name):
                return function(*given, **named)

        return called

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, (where, attribute) in PARTS.items():
            stack.enter_context(mock.patch.object(where, attribute, around(name, getattr(where, attribute))))
        with timed(spent, WHOLE):
            train(cell.config, directory=folder, device="cpu")
    return spent


def measure(cells: list[Cell]) -> list[dict[str, Any]]:
    """A row a part."""
    one(cells[0])
    found = [one(cell) for cell in cells]
    rows = []
    for name in (WHOLE, *PARTS):
        of = [spent.get(name, Spent()) for spent in found]
        shares = [a.wall / spent[WHOLE].wall for a, spent in zip(of, found, strict=True)]
        rows.append(
            {
                "method": cells[0].placement.method,
                "part": name,
                "cells": len(found),
                "wall_ms": 1e3 * statistics.median(spent.wall for spent in of),
                "cpu_ms": 1e3 * statistics.median(spent.cpu for spent in of),
                "share": statistics.median(shares),
            }
        )
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| method | part | wall ms | CPU ms | % of the cell's wall |", "| --- | --- | --- | --- | --- |"]
    for r in rows:
        numbers = f"{r['wall_ms']:,.1f} | {r['cpu_ms']:,.1f} | {100 * r['share']:.1f}"
        lines.append(f"| {r['method']} | {r['part']} | {numbers} |")
    return "\n".join(lines)


def main() -> int:
    """Reads the command line, measures, prints, writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("--cells", type=int, default=5, help="of each method, by seed (default 5)")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write the rows")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    load, rows = os.getloadavg()[0], []
    try:
        study = load_study(arguments.study, [*arguments.overrides, f"seeds={arguments.cells}"])
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    defaults = [cell for cell in fixed_cells(study) if cell.placement.point == 0]
    for method in study.methods:
        rows += measure([cell for cell in defaults if cell.placement.method == method])
    machine = {**describe(torch.device("cpu")), "torch": torch.__version__}
    print(f"{machine}\nload {load:.1f} before, {os.getloadavg()[0]:.1f} after\n\n{table(rows)}")
    if arguments.json:
        arguments.json.write_text(json.dumps([{**row, "machine": machine} for row in rows], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
