"""What a machine can do, what a step needs of it, and how much memory it takes.

python benchmarks/limits.py                 # the limits of this processor, one thread
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from ssc_tune.training.hardware import describe, has_bfloat16, resolve_device

CPUINFO = Path("/proc/cpuinfo")


def synchronize(device: torch.device) -> None:
    """Waits for the device to finish."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Wall seconds of one call, all of the device's work included."""
    synchronize(device)
    started = time.perf_counter()
    work()
    synchronize(device)
    return time.perf_counter() - started


def flops(work: Callable[[], object]) -> int:
    """Floating-point operations of matrix products and convolutions in one call, a multiply-add being two."""
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def fastest_flops(dtype: torch.dtype, device: torch.device, *, rounds: int = 10) -> dict[str, float]:
    """FLOP/s of a 1024^3 matrix product (8192^3 on CUDA) and of a 3x3 convolution with 64 channels, at best."""
    side = 8192 if device.type == "cuda" else 1024
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    images = torch.randn(64, 64, 32, 32, device=device).to(dtype, memory_format=torch.channels_last)
    kernel = torch.randn(64, 64, 3, 3, device=device).to(dtype, memory_format=torch.channels_last)

    def product() -> Tensor:
        return a @ b

    def convolution() -> Tensor:
        return F.conv2d(images, kernel, padding=1)

    found = {}
    for name, work in (("matmul", product), ("convolution", convolution)):
        operations = flops(work)
        found[name] = operations / min(seconds(work, device) for _ in range(rounds))
    return found


def limits_of(device: torch.device) -> dict[str, dict[str, float]]:
    """:func:`fastest_flops` in each arithmetic that the device has."""
    kinds = {"float32": torch.float32} | ({"bfloat16": torch.bfloat16} if has_bfloat16(device) else {})
    return {name: fastest_flops(dtype, device) for name, dtype in kinds.items()}


def processor_of(device: torch.device) -> str:
    """The name of what computes; a CPU's with its numbers, since a virtual machine's name says little."""
    name = describe(device)["processor"]
    if device.type == "cuda" or not CPUINFO.exists():
        return name
    facts = dict(map(str.strip, line.split(":", 1)) for line in CPUINFO.read_text().splitlines() if ":" in line)
    numbers = [f"{key.split()[-1]} {facts[key]}" for key in ("cpu family", "model", "stepping") if key in facts]
    return f"{name} ({', '.join(numbers) or platform.machine()})"


def split(
    parts: Mapping[str, Callable[[int], object]], first: int, count: int, device: torch.device
) -> dict[str, float]:
    """Seconds a step of each part, from step ``first`` on; the parts of a step follow each other in their order.

    With one thread on a CPU they are CPU seconds of this process: what else runs on the machine is not in them.
    """
    spent = dict.fromkeys(parts, 0.0)
    alone = device.type == "cpu" and torch.get_num_threads() == 1
    clock = time.process_time if alone else time.perf_counter
    for step in range(first, first + count):
        for name, part in parts.items():
            synchronize(device)
            began = clock()
            part(step)
            synchronize(device)
            spent[name] += (clock() - began) / count
    return spent


def peak_memory_mb(work: Callable[[], object], device: torch.device) -> float:
    """Most memory that tensors allocated during one call held at a time, beyond what was there before, in MB (10^6).

    On a CPU it is read from the profiler's record of allocations, since the process's own size cannot be divided among
    the variants that share it; the scratch memory of libraries is not in it.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        work()
        torch.cuda.synchronize(device)
        return (torch.cuda.max_memory_allocated(device) - before) / 1e6
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        work()
    recorded = profile.profiler.kineto_results.events() if profile.profiler else []
    changes = sorted((e.start_ns(), e.nbytes()) for e in recorded if e.name() == "[memory]")
    held = peak = 0
    for _, change in changes:
        held += change
        peak = max(peak, held)
    return peak / 1e6


def main() -> None:
    """Prints the limits of this machine."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = resolve_device(arguments.device)
    print("| processor | threads | arithmetic | matrix product, GFLOP/s | convolution, GFLOP/s |")
    print("| --- | --- | --- | --- | --- |")
    for name, found in limits_of(device).items():
        numbers = " | ".join(f"{value / 1e9:.0f}" for value in found.values())
        print(f"| {processor_of(device)} | {arguments.threads} | {name} | {numbers} |")


if __name__ == "__main__":
    main()
