"""What glibc's allocator costs a training step: how it is tuned, against how it comes.

    python benchmarks/allocation.py                              # both settings, both methods, a few minutes
    python benchmarks/allocation.py --settings b --rounds 30

Each variant is a process of its own, since glibc reads its tunables when a process starts; all of them live at once
and take turns, some steps each, so that each pair of turns met the same conditions. The figure is the median over
rounds of the CPU seconds of the variant's turn over those of the plain process just before, with quartiles. Weights
after the last step must have the same bits everywhere.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from throughput import SETTINGS, Ours

from ssc_tune.training.hardware import describe, has_bfloat16

PLAIN = "as it comes"
KEEP = {"MALLOC_TRIM_THRESHOLD_": str(2**40), "MALLOC_MMAP_MAX_": "0"}
HUGE = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
VARIANTS = {
    PLAIN: {},
    "keeps memory": KEEP,
    "huge pages": HUGE,
    "keeps memory, huge pages": {**KEEP, **HUGE},
}
"""Environment of each: memory goes back to the system never, and is never mapped apart; 2 MiB pages are asked for."""


class Turn(NamedTuple):
    """What some steps of a process took."""

    cpu: float  # seconds, of which
    system: float  # within the kernel
    wall: float
    peak: float  # MiB that the process has held at the most so far


def serve(setting: str, method: str) -> None:
    """The process of a variant: takes numbers of steps, answers with what they took; 0 asks for the weights' digest."""
    torch.set_num_threads(1)
    device = torch.device("cpu")
    precision = "bfloat16" if has_bfloat16(device) else "float32"
    loop = Ours(setting, method, {"precision": precision, "small_planes": True}, device)
    loop.steps(1)
    for line in sys.stdin:
        if int(line) == 0:
            digest = hashlib.sha256()
            for tensor in loop.network.state_dict().values():
                digest.update(tensor.contiguous().numpy().tobytes())
            print(json.dumps(digest.hexdigest()), flush=True)
            continue
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        loop.steps(int(line))
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
        system = after.ru_stime - before.ru_stime
        cpu = after.ru_utime - before.ru_utime + system
        print(json.dumps(Turn(cpu, system, wall, after.ru_maxrss / 1024)), flush=True)


class Served:
    """A variant's process, from outside."""

    def __init__(self, setting: str, method: str, environment: dict[str, str]) -> None:
        plain = {name: value for name, value in os.environ.items() if name not in {**KEEP, **HUGE}}
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", setting, method],
            env={**plain, "OMP_NUM_THREADS": "1", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, steps: int) -> Any:
        """What ``steps`` steps took; the digest of the weights for 0."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(setting: str, method: str, rounds: int) -> list[dict[str, Any]]:
    """A row a variant."""
    served = {name: Served(setting, method, environment) for name, environment in VARIANTS.items()}
    steps = SETTINGS[setting].steps
    turns: dict[str, list[Turn]] = {name: [] for name in served}
    for _ in range(rounds):
        for name, one in served.items():
            turns[name].append(Turn(*one.ask(steps)))
    digests = {name: one.ask(0) for name, one in served.items()}
    for one in served.values():
        one.end()
    rows = []
    for name, of in turns.items():
        ratios = [plain.cpu / one.cpu for plain, one in zip(turns[PLAIN], of, strict=True)]
        rows.append(
            {
                "setting": setting,
                "method": method,
                "variant": name,
                "rounds": rounds,
                "cpu_ms": 1e3 * float(np.median([one.cpu for one in of])) / steps,
                "system_ms": 1e3 * float(np.median([one.system for one in of])) / steps,
                "gain": np.quantile(ratios, [0.5, 0.25, 0.75]).tolist(),
                "peak_mib": of[-1].peak,
                "same_bits": digests[name] == digests[PLAIN],
            }
        )
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| setting | method | variant | CPU ms a step | in the kernel | gain (quartiles) | process, MiB | same bits |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        gain = "{:.3f} ({:.3f}-{:.3f})".format(*row["gain"])
        cells = [row["setting"], row["method"], row["variant"], f"{row['cpu_ms']:.1f}", f"{row['system_ms']:.1f}", gain]
        lines.append("| " + " | ".join([*cells, f"{row['peak_mib']:.0f}", "yes" if row["same_bits"] else "NO"]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Reads the command line, measures, prints, writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--settings", nargs="+", choices=sorted(SETTINGS), default=["a", "b"])
    parser.add_argument("--methods", nargs="+", default=["fixmatch", "ssc"])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write the rows")
    parser.add_argument("--serve", nargs=2, metavar=("SETTING", "METHOD"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        return serve(*arguments.serve)
    torch.set_num_threads(1)
    load, rows = os.getloadavg()[0], []
    for setting in arguments.settings:
        for method in arguments.methods:
            rows += measure(setting, method, arguments.rounds)
    machine = {**describe(torch.device("cpu")), "torch": torch.__version__, "libc": os.confstr("CS_GNU_LIBC_VERSION")}
    print(f"{machine}\nload {load:.1f} before, {os.getloadavg()[0]:.1f} after\n\n{table(rows)}")
    if arguments.json:
        arguments.json.write_text(json.dumps([{**row, "machine": machine} for row in rows], indent=1) + "\n")
    return None


if __name__ == "__main__":
    main()
