"""Parts of ``gpu_acceptance.py`` that repeat: interrupted cells, the same cell twice, memory and waits over steps.

python benchmarks/gpu_repeat.py cuda 0 '[...]'    # digests of cells in a process of its own, for the parts
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from gpu_context import METHODS, Context, Skipped, algorithms, captured_steps
from limits import synchronize
from throughput import Ours

from ssc_tune.training import CellConfig, Evaluation, train
from ssc_tune.training.loop import CHECKPOINT

STEPS = 24
CROWD = 12
"""Processes at once in part ``crowd``."""
BENCHMARKS = Path(__file__).resolve().parent


class _Stopped(Exception):
    """Ends a cell after its second evaluation."""


def _cell(method: str, model: str, precision: str, captured: bool) -> dict[str, Any]:
    return {
        "data": {"name": "digits", "labels_per_class": 2},
        "model": {"name": model},
        "training": {"steps": STEPS, "evaluations": 4, "precision": precision, "compile": captured},
        "method": method,
        "hyperparameters": {"batch_size": 16, "mu": 3, "tau": 0.5, "randaugment_m": 5.0, "cutout": 0.25},
        "seed": 0,
    }


def cells(*, cuda: bool) -> dict[str, dict[str, Any]]:
    """The cells by name."""
    found = {}
    for method in ("fixmatch", "ssc") if cuda else ("ssc",):
        for model, precision in (("wrn-10-1", "float32"), ("wrn-28-2", "bfloat16"))[: 2 if cuda else 1]:
            for captured in (False, True) if cuda else (False,):
                name = f"{method} {model} {precision} {'captured' if captured else 'eager'}"
                found[name] = _cell(method, model, precision, captured)
    return found


def digest(config: dict[str, Any], device: str, *, interrupted: bool) -> str:
    """SHA-256 over history and last checkpoint of a cell, trained in one go or stopped and continued."""
    cell = CellConfig.model_validate(config)

    def stop(evaluation: Evaluation) -> None:
        if evaluation.step == STEPS // 2:
            raise _Stopped

    with tempfile.TemporaryDirectory() as folder:
        if interrupted:
            with contextlib.suppress(_Stopped):
                train(cell, directory=Path(folder), device=device, on_evaluation=stop)
        result = train(cell, directory=Path(folder), device=device)
        content = torch.load(Path(folder) / CHECKPOINT, map_location="cpu", weights_only=True)
    history = [e.model_dump(exclude={"time", "images_per_second"}) for e in result.history]
    found = hashlib.sha256(json.dumps([history, result.test_accuracy], sort_keys=True).encode())
    for part in ("network", "average"):
        for name in sorted(content[part]):
            found.update(name.encode() + content[part][name].contiguous().numpy().tobytes())
    for velocity in content["velocities"]:
        found.update(velocity.contiguous().numpy().tobytes())
    for name in sorted(content["generators"]):
        found.update(content["generators"][name].numpy().tobytes())
    return found.hexdigest()[:16]


def resume(context: Context) -> None:
    """Each cell twice, interrupted and continued, and once more in a process of its own: whose bits are equal.

    Without timing of algorithms first; with it; and, where bits differ, with deterministic algorithms alone, which says
    what is to blame.
    """
    chosen, device = cells(cuda=context.cuda), context.device.type
    torch.set_num_threads(1)  # as a worker has and the process apart: the number of threads decides bits
    for benchmark in (False, True) if context.cuda else (False,):
        apart = _start_apart(device, benchmark, chosen)
        found: dict[str, list[str]] = {}
        try:
            with algorithms(benchmark=benchmark):
                for name, config in chosen.items():
                    if context.late(f"{name}, cudnn.benchmark {benchmark}"):
                        break
                    found[name] = [digest(config, device, interrupted=i) for i in (False, False, True)]
            output, errors = apart.communicate(timeout=max(10.0, context.left + 10))
        finally:
            apart.kill()
        if apart.returncode:
            raise RuntimeError(f"a process of its own failed:\n{errors[-2000:]}")
        others = json.loads(output.splitlines()[-1])
        for name, (first, second, continued) in found.items():
            row = {
                "twice": first == second,
                "interrupted": first == continued,
                "another_process": first == others[name],
            }
            blamed: dict[str, Any] = {}
            if not all(row.values()) and not benchmark and context.left > 0:
                with algorithms(deterministic=True):
                    again = [digest(chosen[name], device, interrupted=i) for i in (False, False, True)]
                blamed = {"with_deterministic_algorithms": len(set(again)) == 1}
            context.add(cell=name, cudnn_benchmark=benchmark, bits_equal=row, **blamed)


def _start_apart(device: str, benchmark: bool, chosen: dict[str, dict[str, Any]]) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__)), device, str(int(benchmark)), json.dumps(chosen)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def crowd(context: Context) -> None:
    """The same captured cells in many processes at once, twice each: all digests must be equal.

    A race on the device shows where several processes share it.
    """
    chosen, device = cells(cuda=context.cuda), context.device.type
    chosen = {name: config for name, config in chosen.items() if not context.cuda or "captured" in name}
    again = {f"{name}, again": config for name, config in chosen.items()}
    number = CROWD if context.cuda else 2
    started = [_start_apart(device, False, {**chosen, **again}) for _ in range(number)]
    found = []
    try:
        for process in started:
            output, errors = process.communicate(timeout=max(10.0, context.left + 10))
            if process.returncode:
                raise RuntimeError(f"a process of its own failed:\n{errors[-2000:]}")
            found.append(json.loads(output.splitlines()[-1]))
    finally:
        for process in started:
            process.kill()
    for name in chosen:
        digests = Counter(digests[key] for digests in found for key in (name, f"{name}, again"))
        unequal = digests.total() - digests.most_common(1)[0][1]
        context.add(cell=name, processes=number, cells=digests.total(), with_other_bits=unequal, passed=unequal == 0)


def memory(context: Context) -> None:
    """Memory of tensors over 300 steps of a small setting, at five places after the first interval: it must not grow.

    A step that kept one scalar tensor would take 512 bytes more each.
    """
    if not context.cuda:
        raise Skipped("memory of a process without a GPU is asked in tests/training/test_training_cell.py")
    for method in METHODS:
        for captured in (False, True):
            if context.late(f"{method} captured {captured}"):
                return
            loop = Ours("small", method, {"precision": "bfloat16"}, context.device)
            if captured:
                captured_steps(loop)
            loop.steps(60)
            seen = []
            for _ in range(5):
                loop.steps(60)
                synchronize(context.device)
                seen.append(torch.cuda.memory_allocated(context.device))
            grown = seen[-1] - seen[0]
            context.add(method=method, captured=captured, bytes=seen, grown=grown, passed=grown < 240 * 512)


def waits(context: Context) -> None:
    """Waits of the host within steps after the first ones: how many, and the lines of this package that cause them."""
    if not context.cuda:
        raise Skipped("a CPU has no waits; tests/training read the operations of a step on tensors without content")
    for setting in ("small", "a"):
        for method in METHODS:
            for captured in (False, True):
                if context.late(f"{setting} {method} captured {captured}"):
                    return
                loop = Ours(setting, method, {}, context.device)
                if captured:
                    captured_steps(loop)
                for _ in range(3):  # as they are, captured, replayed
                    loop.steps(8)
                synchronize(context.device)
                found = _synchronizations(loop, 8)
                context.add(
                    setting=setting,
                    method=method,
                    captured=captured,
                    steps=8,
                    waits=sum(found.values()),
                    places=found,
                    passed=not found,
                )


def _synchronizations(loop: Ours, steps: int) -> dict[str, int]:
    found: dict[str, int] = {}

    def note(message: Warning | str, *_: Any, **__: Any) -> None:
        if "called a synchronizing" not in str(message):
            return
        frames = [f for f in traceback.extract_stack() if "ssc_tune" in f.filename]
        place = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-4:])) or "unknown"
        found[place] = found.get(place, 0) + 1

    plain = warnings.showwarning
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note
        torch.cuda.set_sync_debug_mode("warn")
        try:
            loop.steps(steps)
        finally:
            torch.cuda.set_sync_debug_mode("default")
            warnings.showwarning = plain
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    with algorithms(benchmark=sys.argv[2] == "1"):
        asked = json.loads(sys.argv[3])
        print(json.dumps({name: digest(config, sys.argv[1], interrupted=False) for name, config in asked.items()}))
