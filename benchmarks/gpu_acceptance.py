"""Everything that a GPU has to be asked, in one command without network.

    python benchmarks/gpu_acceptance.py --json gpu.json
    python benchmarks/gpu_acceptance.py --json cpu.json --device cpu     # the same script, as small as it can be

Parts, each with its share of the budget and in this order:

facts      names and versions of the machine
views      augmentation with the same draws on the CPU and on the device
precision  training on the same batches on the CPU and on the device, every method, every arithmetic
captured   captured steps against eager ones
resume     whose bits are equal: the same cell twice, interrupted, in another process
crowd      bits of the same cells in twelve processes at once
memory     memory of tensors over 300 steps
waits      waits of the host within steps
speed      steps of every variant against the reference loop, share of the limit, memory, split
profile    time by kernel
packing    cells an hour with 1 to 16 processes, with and without MPS
study      a small study through Ray, ten cells a GPU

Each result is printed and written as it comes. A part that fails leaves its traceback and the others alone; on CUDA
they go on in a fresh process, since an error may have broken the device's context. Exit code: 0, or 1 where a part
failed or a result is outside its bounds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gpu_equal
import gpu_many
import gpu_repeat
import gpu_speed
import torch
from gpu_context import Context, Skipped

from ssc_tune.atomic import write_atomically
from ssc_tune.training.hardware import resolve_device

PARTS: dict[str, tuple[Callable[[Context], None], float]] = {
    "facts": (gpu_speed.facts, 3),
    "views": (gpu_equal.views, 6),
    "precision": (gpu_equal.precision, 30),
    "captured": (gpu_equal.captured, 25),
    "resume": (gpu_repeat.resume, 40),
    "crowd": (gpu_repeat.crowd, 30),
    "memory": (gpu_repeat.memory, 12),
    "waits": (gpu_repeat.waits, 15),
    "speed": (gpu_speed.speed, 70),
    "profile": (gpu_speed.profile, 10),
    "packing": (gpu_many.packing, 65),
    "study": (gpu_many.study, 50),
}
"""What to call, and its weight in the budget."""
BUDGET = {"cuda": 270.0, "cpu": 150.0}
OVERTIME = 25.0
"""Seconds beyond the budget after which the command ends whatever it is doing."""


class Results:
    """What was found so far, on the disk at any time."""

    def __init__(self, path: Path, *, go_on: bool) -> None:
        self._path, self._lock = path, threading.Lock()
        self.content: dict[str, Any] = json.loads(path.read_text()) if go_on else {"parts": {}}

    def write(self, name: str, **entry: Any) -> None:
        """Replaces what is known of a part."""
        with self._lock:
            self.content["parts"][name] = entry
            write_atomically(self._path, json.dumps(self.content, indent=1) + "\n")

    @property
    def bad(self) -> list[str]:
        """Parts that failed, or hold a result outside its bounds."""
        return [name for name, part in self.content["parts"].items() if part["status"] not in ("done", "skipped")]


def run_part(name: str, results: Results, device: torch.device, allowance: float) -> bool:
    """Runs one part; false where it raised."""
    started = time.monotonic()
    print(f"{name}: up to {allowance:.0f} s", flush=True)

    def state(status: str, rows: list[dict[str, Any]], **more: Any) -> None:
        results.write(name, status=status, seconds=round(time.monotonic() - started, 2), results=rows, **more)

    context = Context(device, allowance, lambda rows: state("unfinished", rows))
    state("unfinished", [])
    try:
        PARTS[name][0](context)
    except Skipped as reason:
        state("skipped", context.rows, reason=str(reason))
        print(f"    skipped: {reason}", flush=True)
    except Exception:
        state("failed", context.rows, traceback=traceback.format_exc())
        traceback.print_exc(file=sys.stdout)
        return False
    else:
        state("outside its bounds" if context.failed else "done", context.rows)
    print(f"    {results.content['parts'][name]['status']}, {time.monotonic() - started:.1f} s", flush=True)
    return True


def main() -> int:
    """Reads the command line, runs the parts, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, required=True, metavar="PATH", help="where the results go")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--budget", type=float, metavar="SECONDS", help="default 270 on CUDA, 150 on a CPU")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--go-on", action="store_true", help="add to the results that are in PATH")
    arguments = parser.parse_args()
    device = resolve_device(arguments.device)
    torch.set_num_threads(min(8, os.cpu_count() or 1) if device.type == "cuda" else 1)
    warnings.filterwarnings("ignore", message=".*deterministic.*")
    ends = time.monotonic() + (arguments.budget or BUDGET[device.type])
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    results = Results(arguments.json, go_on=arguments.go_on and arguments.json.exists())
    watch = threading.Timer(ends - time.monotonic() + OVERTIME, _give_up)
    watch.daemon = True
    watch.start()
    names = [name for name in PARTS if name in arguments.parts]
    for i, name in enumerate(names):
        weights = [PARTS[left][1] for left in names[i:]]
        # What one part does not use, those after it may.
        allowance = max(1.0, ends - time.monotonic()) * min(1.0, 1.25 * weights[0] / sum(weights))
        if not run_part(name, results, device, allowance) and device.type == "cuda" and names[i + 1 :]:
            _go_on(arguments.json, names[i + 1 :], ends - time.monotonic(), arguments.device)
    print(f"written: {arguments.json}; not well: {', '.join(results.bad) or 'none'}", flush=True)
    return 1 if results.bad else 0


def _go_on(path: Path, names: list[str], budget: float, device: str) -> None:
    """Replaces this process by a fresh one for the other parts."""
    sys.stdout.flush()
    command = [sys.executable, str(Path(__file__).resolve()), "--json", str(path), "--device", device, "--go-on"]
    os.execv(sys.executable, [*command, "--budget", f"{max(10.0, budget):.0f}", "--parts", *names])


def _give_up() -> None:
    """Ends the command; the part in hand stays "unfinished" in what is written."""
    print("over the budget: given up", flush=True)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
