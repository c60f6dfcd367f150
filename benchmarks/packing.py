"""Cells an hour on one device: several processes beside each other, and several seeds stacked in one process.

    python benchmarks/packing.py                                   # the processor: 1 and 2 processes, 1 to 8 seeds
    python benchmarks/packing.py --device cuda --processes 1 2 4 8 16 --json packing.json

The setting is the main study's own (setting b of throughput.py), 200 steps a cell. Processes, each with one thread and
the shipped defaults, wait for each other and train for ``--seconds``; stacked seeds (``stacked.py``) train in one
process for as long. Rounds of all variants alternate; figures are medians over rounds.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import queue
import statistics
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, NamedTuple

import torch
from stacked import Stacked
from throughput import METHODS, SETTINGS, Ours, cell_config, make_data

from ssc_tune.training.batches import Batches
from ssc_tune.training.hardware import describe, resolve_device
from ssc_tune.training.network import make_method, make_network

CELL_STEPS = 200
DEFAULTS: dict[str, Any] = {"small_planes": True}


def make_stacked(setting: str, method: str, seeds: int, device: torch.device, variant: dict[str, Any]) -> Stacked:
    """``seeds`` cells of a setting, stacked."""
    config = cell_config(setting, method, variant)
    dataset, split = make_data(setting)
    kind = make_method(config, dataset.num_classes)
    networks, batches = [], []
    for seed in range(seeds):
        cell = config.model_copy(update={"seed": seed})
        networks.append(make_network(cell, kind, in_channels=dataset.train_images.shape[1]).to(device).train())
        draws = Batches(
            dataset,
            split,
            kind,
            seed=seed,
            device=device,
        )
        batches.append(draws)
    return Stacked(networks, kind, config.training, batches, mean=dataset.mean, std=dataset.std)


def steps_per_second(loop: Ours | Stacked, seconds: float, chunk: int, device: torch.device) -> float:
    """Steps of each cell a second, over at least ``seconds``."""
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        loop.steps(chunk)
        done += chunk
        if device.type == "cuda":
            torch.cuda.synchronize(device)
    return done / (time.perf_counter() - started)


class Work(NamedTuple):
    """What processes beside each other are measured on."""

    setting: str
    method: str
    device: str
    seconds: float  # of each measurement
    counts: tuple[int, ...]  # processes that train at a time
    variants: dict[str, dict[str, Any]]


def _process(number: int, work: Work, limit: float, barrier: Barrier, results: multiprocessing.Queue[Any]) -> None:
    try:
        torch.set_num_threads(1)
        place, chunk = resolve_device(work.device), SETTINGS[work.setting].steps
        for name, variant in work.variants.items():
            loop = Ours(work.setting, work.method, variant, place)
            loop.steps(2 * chunk)
            for count in work.counts:
                barrier.wait(limit)
                if number < count:
                    results.put((name, count, steps_per_second(loop, work.seconds, chunk, place)))
    except Exception as error:
        results.put(f"process {number}: {type(error).__name__}: {error}")
        barrier.abort()


def rates(work: Work, *, limit: float = 600) -> dict[tuple[str, int], float]:
    """Steps a second of so many processes together, for each variant and count; all are started once.

    Args:
        work: what is measured.
        limit: seconds after which a process that does not come is given up.

    Raises:
        RuntimeError: a process failed or did not come.
    """
    context = multiprocessing.get_context("spawn")
    most = max(work.counts)
    barrier, results = context.Barrier(most), context.Queue()
    processes = [
        context.Process(target=_process, args=(n, work, limit, barrier, results), daemon=True) for n in range(most)
    ]
    for process in processes:
        process.start()
    found: dict[tuple[str, int], float] = {}
    patience = 0.5
    try:
        for _ in range(sum(work.counts) * len(work.variants)):
            got = results.get(timeout=limit)
            if isinstance(got, str):
                raise RuntimeError(got)
            name, count, rate = got
            found[name, count] = found.get((name, count), 0.0) + rate
        patience = 10
    except queue.Empty:
        raise RuntimeError(f"no result of a process within {limit:.0f} s; had {found}") from None
    finally:
        for process in processes:
            process.join(patience)
            if process.is_alive():
                process.kill()
    return found


def by_processes(setting: str, method: str, device: str, count: int, seconds: float) -> float:
    """Steps a second of ``count`` processes together."""
    found = rates(Work(setting, method, device, seconds, (count,), {"defaults": DEFAULTS}))
    return found["defaults", count]


def by_stacking(setting: str, method: str, device: torch.device, count: int, seconds: float) -> float:
    """Steps a second of ``count`` stacked seeds together."""
    # torch.func's batch normalization on CUDA wants statistics of the images' own type, which bfloat16 breaks.
    variant = {"precision": "tf32"} if device.type == "cuda" else {}
    loop, chunk = make_stacked(setting, method, count, device, variant), SETTINGS[setting].steps
    loop.steps(chunk)
    return count * steps_per_second(loop, seconds, chunk, device)


def measure(method: str, arguments: argparse.Namespace, device: torch.device) -> list[dict[str, Any]]:
    """One row a variant."""
    setting, seconds = arguments.setting, arguments.seconds
    variants = [("processes", n) for n in arguments.processes] + [("stacked seeds", n) for n in arguments.stacked]
    found: dict[tuple[str, int], list[float]] = {variant: [] for variant in variants}
    for _ in range(arguments.rounds):
        for kind, count in variants:
            if kind == "processes":
                rate = by_processes(setting, method, arguments.device, count, seconds)
            else:
                rate = by_stacking(setting, method, device, count, seconds)
            found[kind, count].append(3600 * rate / CELL_STEPS)
    best = max(statistics.median(v) for (kind, _), v in found.items() if kind == "processes")
    return [
        {
            "setting": setting,
            "method": method,
            "kind": kind,
            "count": count,
            "cells_per_hour": statistics.median(rates),
            "fewest": min(rates),
            "most": max(rates),
            "ratio_to_best_processes": statistics.median(rates) / best,
        }
        for (kind, count), rates in found.items()
    ]


def main() -> None:
    """Reads the command line, measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--setting", choices=sorted(SETTINGS), default="b")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--stacked", nargs="+", type=int, default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement (default 5)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write a list of rows")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    device = resolve_device(arguments.device)
    rows = [row for method in arguments.methods for row in measure(method, arguments, device)]
    machine = {**describe(device), "torch": torch.__version__}
    print(f"{machine}\nmedians of {arguments.rounds} rounds of {arguments.seconds:g} s\n")
    print("| method | variant | cells an hour (min-max) | x best of processes |\n| --- | --- | --- | --- |")
    for row in rows:
        rate = f"{row['cells_per_hour']:.0f} ({row['fewest']:.0f}-{row['most']:.0f})"
        variant = f"{row['count']} {row['kind']}"
        print(f"| {row['method']} | {variant} | {rate} | {row['ratio_to_best_processes']:.2f} |")
    if arguments.json:
        arguments.json.write_text(json.dumps([{**row, "machine": machine} for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
