"""Parts of ``gpu_acceptance.py`` with many processes on one GPU: cells an hour, and a whole study through Ray."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gpu_context import Context, Skipped
from packing import CELL_STEPS, Work, by_stacking, rates

from ssc_tune.records import StudyFolder

ROOT = Path(__file__).resolve().parents[1]
STUDY = """\
name: gpu
data: {{name: digits, labels_per_class: 4, validation: 300}}
model: {{name: wrn-10-1}}
training: {{steps: {steps}, evaluations: 4, compile: {captured}}}
methods: [fixmatch, ssc]
hyperparameters: {{batch_size: {batch}, mu: 4, randaugment_m: 5, cutout: 0.25}}
search_space:
  parameters:
    learning_rate: {{type: float, default: 0.03, factor: 3}}
    tau: {{type: float, default: 0.95, low: 0.7, high: 0.99}}
design: {{type: sobol, points: {points}}}
seeds: 2
resources: {{cpus: 1, gpus: {gpus}}}
claims:
  - {{name: accuracy, more: ssc, than: fixmatch, in: mean}}
"""


def packing(context: Context) -> None:
    """Cells an hour (200 steps each) of so many processes, without and with MPS, eager and captured; stacked seeds."""
    counts = (1, 2, 4, 8, 16) if context.cuda else (1, 2)
    variants: dict[str, dict[str, Any]] = {"eager": {"precision": "auto"}}
    if context.cuda:
        variants["captured"] = {"precision": "auto", "compile": True}
    measurements = len(counts) * len(variants)
    for mps in (False, True):
        if context.late(f"processes, MPS {mps}"):
            return
        reason = _no_mps() if context.cuda else "no GPU"
        if mps and reason:
            context.add(mps=True, left_out=True, reason=reason)
            continue
        budget = 0.75 * context.left / (1 if mps else 2)
        each = min(2.0, max(0.3, (budget - 15) / measurements)) if context.cuda else 0.3
        work = Work("b" if context.cuda else "tiny", "ssc", context.device.type, each, counts, variants)
        try:
            with _mps() if mps else contextlib.nullcontext():
                found = rates(work, limit=max(40.0, budget))
        except RuntimeError as error:
            if not mps:
                raise
            context.add(mps=True, left_out=True, reason=f"processes below MPS failed: {error}")
            continue
        for (name, count), rate in found.items():
            context.add(mps=mps, variant=name, processes=count, cells_per_hour=3600 * rate / CELL_STEPS, seconds=each)
    for count in (1, 8) if context.cuda else (1, 2):
        if context.late(f"{count} stacked seeds"):
            return
        setting = "b" if context.cuda else "tiny"
        rate = by_stacking(setting, "ssc", context.device, count, 1.5 if context.cuda else 0.3)
        context.add(stacked_seeds=count, cells_per_hour=3600 * rate / CELL_STEPS)


def _no_mps() -> str:
    return "" if shutil.which("nvidia-cuda-mps-control") else "nvidia-cuda-mps-control is not installed"


@contextlib.contextmanager
def _mps() -> Iterator[None]:
    """A server of its own; processes that start within are its clients."""
    with tempfile.TemporaryDirectory(prefix="mps") as folder:
        names = {"CUDA_MPS_PIPE_DIRECTORY": f"{folder}/pipe", "CUDA_MPS_LOG_DIRECTORY": f"{folder}/log"}
        for path in names.values():
            os.mkdir(path)
        os.environ.update(names)
        control = ["nvidia-cuda-mps-control"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": 10}
        try:
            subprocess.run([*control, "-d"], check=True, **quiet)  # type: ignore[call-overload]
            time.sleep(1)
            yield
        except (OSError, subprocess.SubprocessError) as error:
            raise RuntimeError(f"no server: {error}") from error
        finally:
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run(control, input=b"quit\n", check=False, **quiet)  # type: ignore[call-overload]
            for name in names:
                del os.environ[name]


def study(context: Context) -> None:
    """A whole small study through Ray with ten cells a GPU: its records, its wall time, the share of it in training."""
    missing = [name for name in ("ray", "optuna", "altair", "vl_convert") if importlib.util.find_spec(name) is None]
    if missing:
        raise Skipped(f"not installed: {', '.join(missing)}")
    tracked = importlib.util.find_spec("mlflow") is not None
    whole = context.left
    for captured in (False, True) if context.cuda else (False,):
        if captured and context.left < 0.45 * whole:
            context.add(captured=True, left_out=True, reason="no time for a second study")
            return
        with tempfile.TemporaryDirectory(prefix="study") as folder:
            _run_study(context, Path(folder), captured, tracked)


def _run_study(context: Context, folder: Path, captured: bool, tracked: bool) -> None:
    small = {"points": 8, "steps": 200, "batch": 32, "gpus": 0.1} if context.cuda else {}
    values = {"points": 2, "steps": 4, "batch": 4, "gpus": 0, **small, "captured": str(captured).lower()}
    (folder / "gpu.yaml").write_text(STUDY.format(**values))
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    environment["SSC_TUNE_EAGER"] = str(int(not captured))
    if context.cuda:
        environment.setdefault("CUDA_VISIBLE_DEVICES", "0")
    uri = f"sqlite:///{folder}/mlflow.db" if tracked else "none"
    command = [sys.executable, "-m", "ssc_tune.run", "gpu.yaml", "--tracking-uri", uri]
    started = time.monotonic()
    child = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        output = child.communicate(timeout=max(context.left, 10.0))[0]
    except subprocess.TimeoutExpired:
        child.terminate()  # as Ctrl-C: workers end and Ray is shut down
        try:
            output = child.communicate(timeout=15)[0]
        except subprocess.TimeoutExpired:
            child.kill()
            output = child.communicate()[0]
    wall = time.monotonic() - started
    store = StudyFolder(folder / "runs", "gpu").records
    names = [path.stem for path in (folder / "runs/gpu/records").glob("*.json")]
    records = list(store.read_many(names, set_aside=False)[0].values())
    seconds = sorted(record.result.seconds for record in records)
    context.add(
        captured=captured,
        gpus_a_cell=values["gpus"],
        exit_code=child.returncode,
        wall_seconds=wall,
        records=len(records),
        statuses=sorted({record.result.status for record in records}),
        devices=sorted({record.environment.get("processor", "") for record in records}),
        cell_seconds=sum(seconds),
        median_cell_seconds=seconds[len(seconds) // 2] if seconds else None,
        tracked=tracked,
        output=output[-3000:],
        passed=child.returncode == 0 and bool(records),
    )
