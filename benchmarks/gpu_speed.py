"""Parts of ``gpu_acceptance.py`` that time one process: steps of all variants, and their kernels.

python benchmarks/gpu_speed.py cuda a ssc 16 3    # the reference loop in a process of its own, for the parts
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import torch
from gpu_context import Context, algorithms, captured_steps
from limits import flops, limits_of, peak_memory_mb, processor_of, seconds, synchronize
from throughput import SETTINGS, Ours, make_reference

from ssc_tune.training.hardware import resolve_device


class Variant(NamedTuple):
    """How a step is computed."""

    precision: str
    channels_last: bool = True
    benchmark: bool = False
    captured: bool = False
    any_order: bool = False  # cuDNN may add in any order


VARIANTS = {
    "float32": Variant("float32"),
    "tf32": Variant("tf32"),
    "bfloat16": Variant("bfloat16"),
    "bfloat16, NCHW": Variant("bfloat16", channels_last=False),
    "bfloat16, cudnn.benchmark": Variant("bfloat16", benchmark=True),
    "bfloat16, captured": Variant("bfloat16", captured=True),
    "bfloat16, captured, cudnn.benchmark": Variant("bfloat16", benchmark=True, captured=True),
    "float32, captured": Variant("float32", captured=True),
    "bfloat16, captured, any order": Variant("bfloat16", captured=True, any_order=True),
    "float32, captured, any order": Variant("float32", captured=True, any_order=True),
}
_SMALL = ("float32", "float32, captured")
_STEPS = {"a": 5, "b": 25, "tiny": 2}


class _Loop:
    """One variant with what was measured of it."""

    def __init__(self, setting: str, method: str, variant: Variant, device: torch.device) -> None:
        self.variant, self.device, self.chunk = variant, device, _STEPS[setting]
        config = {"precision": variant.precision, "channels_last": variant.channels_last, "small_planes": True}
        self.ours = Ours(setting, method, config, device)
        if variant.captured:
            captured_steps(self.ours)
        self.taken: list[float] = []
        self.memory = peak_memory_mb(lambda: self.steps(1), device)
        for _ in range(3):  # handles, algorithms, captures
            self.steps(self.chunk)

    def steps(self, count: int) -> None:
        """Trains."""
        with algorithms(benchmark=self.variant.benchmark, any_order=self.variant.any_order):
            self.ours.steps(count)

    def round(self) -> None:
        """Times a round."""
        self.taken.append(seconds(lambda: self.steps(self.chunk), self.device) / self.chunk)


def speed(context: Context) -> None:
    """Every variant in turns, in rounds of some steps; the reference loop in a process of its own with a limit."""
    limits = limits_of(context.device)
    context.add(limits_flop_per_second=limits, limits_of=processor_of(context.device))
    pairs = [(s, m) for s in ("a", "b") for m in ("ssc", "fixmatch")] if context.cuda else [("tiny", "ssc")]
    for number, (setting, method) in enumerate(pairs):
        if context.late(f"{setting} {method}"):
            return
        share = context.left / (len(pairs) - number)
        _one(context, setting, method, limits, share)


def _one(context: Context, setting: str, method: str, limits: dict[str, dict[str, float]], share: float) -> None:
    device, until = context.device, context.left - 0.7 * share
    loops = {
        name: _Loop(setting, method, variant, device)
        for name, variant in VARIANTS.items()
        if context.cuda or name in _SMALL
    }
    rounds = 0
    while rounds < 3 or (rounds < 15 and context.left > until):
        rounds += 1
        for loop in loops.values():
            loop.round()
    operations = flops(lambda: loops["float32"].steps(1))
    limit = max(value for kind in limits.values() for value in kind.values())
    for name, loop in loops.items():
        median = statistics.median(loop.taken)
        split = {}
        if not loop.variant.captured:
            with algorithms(benchmark=loop.variant.benchmark):
                loop.ours.parts(1, device)
                split = {part: 1e3 * value for part, value in loop.ours.parts(loop.chunk, device).items()}
        context.add(
            setting=setting,
            method=method,
            variant=name,
            ms_per_step=1e3 * median,
            fastest_ms=1e3 * min(loop.taken),
            slowest_ms=1e3 * max(loop.taken),
            rounds=rounds,
            images_per_second=loop.ours.method.images_per_step / median,
            flop_per_second=operations / median,
            share_of_limit=operations / median / limit,
            limit_flop_per_second=limit,
            limit_of=processor_of(device),
            peak_memory_mb=loop.memory,
            split_ms=split,
        )
    loops.clear()
    if context.cuda:
        torch.cuda.empty_cache()
    _reference(context, setting, method, limit=max(8.0, 0.3 * share))


def _reference(context: Context, setting: str, method: str, *, limit: float) -> None:
    workers, rounds = (16, 5) if context.cuda else (0, 2)
    command = [sys.executable, str(Path(__file__)), context.device.type, setting, method, str(workers), str(rounds)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        output, errors = child.communicate(timeout=max(limit, 20.0))
    except subprocess.TimeoutExpired:
        child.kill()
        output, errors = child.communicate()[0], "over its time"
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    if not lines:
        context.add(setting=setting, method=method, variant="reference", left_out=True, reason=errors[-500:])
        return
    taken = [line["seconds"] for line in lines]
    context.add(
        setting=setting,
        method=method,
        variant="reference",
        loader_processes=workers,
        ms_per_step=1e3 * statistics.median(taken),
        fastest_ms=1e3 * min(taken),
        slowest_ms=1e3 * max(taken),
        rounds=len(taken),
        images_per_second=lines[0]["images"] / statistics.median(taken),
    )


def _time_reference(device: torch.device, setting: str, method: str, workers: int, rounds: int) -> None:
    """Prints a line a round."""
    loop, steps = make_reference(setting, method, device, workers), SETTINGS[setting].reference_steps
    views = 3 if method == "ssc" else 2
    images = loop.hp.batch_size * (1 + views * loop.hp.mu)
    loop.steps(3)
    for _ in range(rounds):
        print(json.dumps({"seconds": seconds(lambda: loop.steps(steps), device) / steps, "images": images}), flush=True)


def profile(context: Context) -> None:
    """Time by kernel over a few steps, eager and captured: the largest, and all of it against the wall."""
    setting, steps = ("a", 4) if context.cuda else ("tiny", 2)
    activities = [torch.profiler.ProfilerActivity.CPU]
    if context.cuda:
        activities = [torch.profiler.ProfilerActivity.CUDA]
    for captured in (False, True):
        loop = Ours(setting, "ssc", {"precision": "bfloat16" if context.cuda else "float32"}, context.device)
        if captured:
            captured_steps(loop)
        for _ in range(4):
            loop.steps(steps)
        plain = seconds(lambda loop=loop: loop.steps(steps), context.device)  # type: ignore[misc]
        with torch.profiler.profile(activities=activities) as recorded:
            wall = seconds(lambda loop=loop: loop.steps(steps), context.device)  # type: ignore[misc]
            synchronize(context.device)
        table: list[tuple[float, int, str]] = []
        for event in recorded.key_averages():
            spent = event.self_device_time_total if context.cuda else event.self_cpu_time_total
            if spent > 0:
                table.append((float(spent) / 1e3 / steps, event.count // steps, event.key[:120]))
        table.sort(reverse=True)
        context.add(
            setting=setting,
            captured=captured,
            kernels_ms_per_step=sum(row[0] for row in table),
            wall_ms_per_step=1e3 * plain / steps,
            wall_ms_per_step_with_profiler=1e3 * wall / steps,
            launches_per_step=sum(row[1] for row in table),
            top=[{"ms": ms, "launches": count, "kernel": name} for ms, count, name in table[:15]],
        )


def facts(context: Context) -> None:
    """The machine: names, versions, clocks where they can be had."""
    row: dict[str, Any] = {"torch": torch.__version__, "python": sys.version.split()[0]}
    row["cpu_threads"] = torch.get_num_threads()
    if context.cuda:
        properties = torch.cuda.get_device_properties(context.device)
        row.update(gpu=properties.name, memory_gb=properties.total_memory / 1e9)
        row.update(multiprocessors=properties.multi_processor_count, cuda=torch.version.cuda)
        row.update(cudnn=torch.backends.cudnn.version())
        fields = "driver_version,clocks.sm,clocks.mem,clocks.max.sm,power.limit,temperature.gpu"
        command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader"]
        try:
            row["smi"] = subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.strip()
        except (OSError, subprocess.TimeoutExpired) as error:
            row["smi"] = f"none: {error}"
    context.add(**row)


if __name__ == "__main__":
    torch.set_num_threads(1)
    place, which, kind, loaders, times = sys.argv[1:]
    _time_reference(resolve_device(place), which, kind, int(loaders), int(times))
