"""Images per second of training, against a plain loop written the way public FixMatch code is.

    python benchmarks/throughput.py --quick                   # setting (b) in under a minute
    python benchmarks/throughput.py --settings a b --json throughput.json

Settings: (a) wrn-28-2 on 32x32x3 images (random ones), B 64, mu 7; (b) the main study's own, studies/stability.yaml:
wrn-10-1 on 8x8 digits, B 32, mu 4. Variants, each with one speed-up more than the one before: the reference loop; ours
in float32 and NCHW order; channels_last; bfloat16; the forms of convolutions for small planes, which with that is what
a study gets; the weak view apart and without gradients; torch.compile.

All variants live in one process and take turns: a round is some steps of each, the figure is the median over rounds
after one step that is not counted (memory is read there). A step is everything from drawing indices to the moving
average, augmentation included. CPU seconds, of this process alone, say what the work costs on a machine that others
use too, with one thread and no loader processes; then GFLOP/s and the ratio without augmentation go by them.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch
from limits import flops, limits_of, peak_memory_mb, processor_of, seconds, split
from reference_loop import ReferenceLoop

from ssc_tune import data
from ssc_tune.data import Dataset, Split
from ssc_tune.models.convolution import Conv2d
from ssc_tune.training import CellConfig, DataConfig, ModelConfig, TrainingConfig, captured
from ssc_tune.training.batches import Batches
from ssc_tune.training.hardware import describe, has_bfloat16, resolve_device
from ssc_tune.training.network import make_method, make_network
from ssc_tune.training.optimization import Averaged, NesterovSGD
from ssc_tune.training.step import Stepper, Sums

METHODS = ("fixmatch", "ssc")
VARIANTS: dict[str, dict[str, Any]] = {
    "ours": {"precision": "float32", "channels_last": False},
    "+ channels_last": {"precision": "float32"},
    "+ bfloat16": {"precision": "bfloat16"},
    "+ small planes": {"precision": "bfloat16", "small_planes": True},
    "+ weak view separate": {"precision": "bfloat16", "small_planes": True, "weak_view": "separate"},
    "+ compile": {"precision": "bfloat16", "small_planes": True, "weak_view": "separate", "compile": True},
}
REFERENCE = "reference"
LONG_STEP = 10.0
"""Seconds; where a step takes longer, its parts are not timed, which would take another step."""


class Setting(NamedTuple):
    """What is trained, and how many steps a round has: ours (as between two evaluations of the study) and reference."""

    model: str
    hyperparameters: dict[str, Any]
    steps: int
    reference_steps: int


SETTINGS = {
    "a": Setting("wrn-28-2", {"batch_size": 64, "mu": 7}, 1, 1),
    "b": Setting("wrn-10-1", {"batch_size": 32, "mu": 4, "randaugment_m": 5, "cutout": 0.25}, 25, 5),
    "tiny": Setting("wrn-10-1", {"batch_size": 2, "mu": 1}, 2, 2),
    "small": Setting("wrn-10-1", {"batch_size": 8, "mu": 2, "tau": 0.5, "randaugment_m": 5, "cutout": 0.25}, 10, 2),
    "deep": Setting("wrn-28-2", {"batch_size": 4, "mu": 2, "tau": 0.5}, 2, 1),
}


def random_images(*, size: int = 32, count: int = 2048) -> Dataset:
    """Random uint8 images in ten classes; what is in them does not matter for time."""
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(256, (count, 3, size, size), generator=draw, dtype=torch.uint8)
    labels = torch.arange(count) % 10
    return Dataset("random", images, labels, images[:10], labels[:10], 10, True, (0.5,) * 3, (0.25,) * 3)


def make_data(setting: str) -> tuple[Dataset, Split]:
    """Images and split of a setting."""
    if setting in ("a", "deep"):
        dataset = random_images()
        everything = torch.arange(len(dataset.train_labels))
        return dataset, Split(everything[:40], everything[:-10], everything[-10:])
    dataset = data.load("digits")
    return dataset, data.split(dataset, labels_per_class=2, validation=300, seed=0)


class Ours:
    """The training core's own step on one setting."""

    def __init__(self, setting: str, method: str, variant: dict[str, Any], device: torch.device) -> None:
        config = cell_config(setting, method, variant)
        dataset, split = make_data(setting)
        self.method = make_method(config, dataset.num_classes)
        network = make_network(config, self.method, in_channels=dataset.train_images.shape[1]).to(device).train()
        if config.training.channels_last:
            network = network.to(memory_format=torch.channels_last)
        for module in network.modules():
            if isinstance(module, Conv2d):
                module.small_planes = variant.get("small_planes", False)
        self.network = network
        hp = self.method.hyperparameters
        self.batches = Batches(dataset, split, self.method, seed=0, device=device)
        average = Averaged(network, copy.deepcopy(network))
        optimizer = NesterovSGD(
            network.parameters(), learning_rate=hp.learning_rate, momentum=hp.momentum, weight_decay=hp.weight_decay
        )
        self.stepper = Stepper(config.training, network, self.method, optimizer, average, dataset)
        self.average, self.optimizer = average, optimizer
        self.captured = captured.of(config.training, self.stepper, self.batches)
        self.done = 0

    def steps(self, count: int) -> Sums:
        """Trains ``count`` steps."""
        first, self.done = self.done, self.done + count
        if self.captured is not None:
            return self.captured.run(first, self.done)
        return self.stepper.run(self.batches.between(first, self.done), first)

    def parts(self, count: int, device: torch.device) -> dict[str, float]:
        """Seconds a step of augmentation, forward (loss included), backward, update; waits after each on CUDA."""
        stepper, images, first = self.stepper, self.batches.between(self.done, self.done + count), self.done
        held: list[Any] = [None, None]

        def draw(_: int) -> None:
            held[0] = next(images)

        def forward(_: int) -> None:
            held[1] = stepper.loss(held[0])

        self.done += count
        work = {"augmentation": draw, "forward": forward, "backward": lambda _: stepper.backward(held[1])}
        return split({**work, "update": stepper.update}, first, count, device)


def cell_config(setting: str, method: str, variant: dict[str, Any]) -> CellConfig:
    """The configuration of a setting's cell; (a) names a data set it does not use."""
    return CellConfig(
        data=DataConfig(name="digits", labels_per_class=2),
        model=ModelConfig(name=SETTINGS[setting].model),
        training=TrainingConfig(steps=2**20, **{k: v for k, v in variant.items() if k != "small_planes"}),
        method=method,
        hyperparameters=SETTINGS[setting].hyperparameters,
        seed=0,
    )


def make_reference(setting: str, method: str, device: torch.device, workers: int) -> ReferenceLoop:
    """The plain loop on one setting."""
    config, (dataset, split) = cell_config(setting, method, {}), make_data(setting)
    kind = make_method(config, dataset.num_classes)
    network = make_network(config, kind, in_channels=dataset.train_images.shape[1])
    return ReferenceLoop(
        network,
        dataset,
        split.labelled,
        split.unlabelled,
        kind.hyperparameters,
        method=method,
        device=device,
        workers=workers,
        num_classes=dataset.num_classes,
    )


def measure(
    setting: str, method: str, names: list[str], device: torch.device, *, rounds: int, workers: int
) -> list[dict[str, Any]]:
    """One row a variant."""
    torch._dynamo.reset()  # the limit on recompilations counts those of other settings too
    chosen = SETTINGS[setting]
    loops: dict[str, tuple[Ours | ReferenceLoop, int]] = {}
    for name in names:
        if name == REFERENCE:
            loops[name] = (make_reference(setting, method, device, workers), chosen.reference_steps)
        else:
            loops[name] = (Ours(setting, method, VARIANTS[name], device), chosen.steps)
    taken, busy = ({name: list[float]() for name in names} for _ in range(2))
    first: dict[str, float] = {}
    memory: dict[str, float] = {}
    for name, (loop, _) in loops.items():
        started = time.perf_counter()
        memory[name] = peak_memory_mb(lambda loop=loop: loop.steps(1), device)  # type: ignore[misc]
        first[name] = time.perf_counter() - started
    for _ in range(rounds):
        for name, (loop, steps) in loops.items():
            before = time.process_time()
            taken[name].append(seconds(lambda loop=loop, steps=steps: loop.steps(steps), device) / steps)  # type: ignore[misc]
            busy[name].append((time.process_time() - before) / steps)
    images, operations = 0, {}
    for view in ("joint", "separate"):
        probe = Ours(setting, method, {"weak_view": view}, device)
        images = probe.method.images_per_step
        operations[view] = flops(lambda probe=probe: probe.steps(1))  # type: ignore[misc]
    alone = device.type == "cpu" and torch.get_num_threads() == 1  # all of a step's work is this process's CPU time
    rows = []
    for name, (loop, _) in loops.items():
        median = statistics.median(taken[name])
        row: dict[str, Any] = {
            "setting": setting,
            "method": method,
            "variant": name,
            "seconds_per_step": median,
            "images_per_second": images / median,
            "ratio_to_reference": statistics.median(taken[REFERENCE]) / median,
            "peak_memory_mb": memory[name],
            "cpu_seconds_per_step": statistics.median(busy[name]),
            "cpu_ratio_to_reference": statistics.median(busy[REFERENCE]) / statistics.median(busy[name]),
            "fastest": min(taken[name]),
            "slowest": max(taken[name]),
            "rounds": rounds,
            "first_step_seconds": first[name],
            "flop_per_second": operations[VARIANTS.get(name, {}).get("weak_view", "joint")]
            / min((busy if alone else taken)[name]),
        }
        if (isinstance(loop, ReferenceLoop) or loop.captured is None) and median < LONG_STEP:
            spent = loop.parts(chosen.steps, device)
            row["shares"] = {part: value / sum(spent.values()) for part, value in spent.items()}
        rows.append(row)
    return with_augmentation_apart(rows, "cpu_seconds_per_step" if alone else "seconds_per_step")


def with_augmentation_apart(rows: list[dict[str, Any]], clock: str) -> list[dict[str, Any]]:
    """Adds to each row its ratio to the reference by a clock, the augmentation of both (PIL there) left out."""
    rest = {r["variant"]: r[clock] * (1 - r["shares"]["augmentation"]) for r in rows if "shares" in r}
    for row in rows:
        known = row["variant"] in rest and REFERENCE in rest
        row["ratio_without_augmentation"] = rest[REFERENCE] / rest[row["variant"]] if known else None
    return rows


def with_limits(rows: list[dict[str, Any]], device: torch.device) -> None:
    """Adds to each row how fast the machine is at best and which part of that the step reaches."""
    limits, processor = limits_of(device), processor_of(device)
    for row in rows:
        variant = VARIANTS.get(row["variant"], {})
        kind = limits.get(variant.get("precision", "float32"), limits["float32"])
        row["limit_flop_per_second"], row["limit_of"] = kind, processor
        row["share_of_limit"] = row["flop_per_second"] / max(kind.values())


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    names = "setting | method | variant | ms/step (min-max) | images/s | x reference | CPU ms/step | x reference"
    further = (
        f"x without augmentation | MB | aug/fwd/bwd/upd % | GFLOP/s | % of limit, GFLOP/s of {rows[0]['limit_of']}"
    )
    lines = [f"| {names} | {further} |", "|" + " --- |" * 13]
    for r in rows:
        shares = "/".join(f"{100 * s:.0f}" for s in r.get("shares", {}).values()) or "-"
        spread = f"{1e3 * r['seconds_per_step']:.1f} ({1e3 * r['fastest']:.1f}-{1e3 * r['slowest']:.1f})"
        cells = [r["setting"], r["method"], r["variant"], spread, f"{r['images_per_second']:.0f}"]
        cells += [f"{r['ratio_to_reference']:.2f}", f"{1e3 * r['cpu_seconds_per_step']:.1f}"]
        apart = r["ratio_without_augmentation"]
        cells += [f"{r['cpu_ratio_to_reference']:.2f}", "-" if apart is None else f"{apart:.2f}"]
        cells += [f"{r['peak_memory_mb']:.1f}", shares, f"{r['flop_per_second'] / 1e9:.1f}"]
        cells.append(f"{100 * r['share_of_limit']:.0f} of {max(r['limit_flop_per_second'].values()) / 1e9:.0f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Reads the command line, measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--settings", nargs="+", choices=sorted(SETTINGS), default=["a", "b"])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds (default 5)")
    parser.add_argument("--quick", action="store_true", help="setting b, without compile, 3 rounds")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write a list of rows")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1: a cell has one core)")
    parser.add_argument("--workers", type=int, help="the reference's loader processes (default 16 on CUDA, else 0)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = resolve_device(arguments.device)
    settings, variants, rounds = arguments.settings, arguments.variants, arguments.rounds
    if arguments.quick:
        settings = ["tiny"] if settings == ["tiny"] else ["b"]
        variants, rounds = [name for name in variants if name != "+ compile"], 3
    variants = [name for name in variants if has_bfloat16(device) or VARIANTS[name]["precision"] != "bfloat16"]
    workers = arguments.workers if arguments.workers is not None else (16 if device.type == "cuda" else 0)
    started, rows = time.perf_counter(), []
    for setting in settings:
        for method in arguments.methods:
            rows += measure(setting, method, [REFERENCE, *variants], device, rounds=rounds, workers=workers)
    with_limits(rows, device)
    machine = {**describe(device), "torch": torch.__version__, "loader_processes": workers}
    print(f"{machine}\nmedians of {rounds} rounds, {time.perf_counter() - started:.0f} s in all\n\n{table(rows)}")
    if arguments.json:
        arguments.json.write_text(json.dumps([{**row, "machine": machine} for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
