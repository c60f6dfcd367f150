"""What the parts of ``gpu_acceptance.py`` share: what they are given, and how they say that they were left out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from throughput import Ours

from ssc_tune.training import captured, hardware
from ssc_tune.training.captured import Captured

METHODS = ("fixmatch", "ssc", "supervised")


class Skipped(Exception):
    """A part that cannot be measured here; the message says why."""


class Context:
    """Device and time of one part, and the place for its results.

    Args:
        device: what is measured.
        allowance: seconds.
        save: called with all results so far, after each.
    """

    def __init__(self, device: torch.device, allowance: float, save: Callable[[list[dict[str, Any]]], None]) -> None:
        self.device, self.allowance, self._save = device, allowance, save
        self.rows: list[dict[str, Any]] = []
        self._started = time.monotonic()

    @property
    def cuda(self) -> bool:
        """Whether the device is a GPU; on a CPU the parts are as small as they can be."""
        return self.device.type == "cuda"

    @property
    def left(self) -> float:
        """Seconds of the allowance that are left."""
        return self.allowance - (time.monotonic() - self._started)

    def add(self, **row: Any) -> None:
        """Keeps, prints and writes one result."""
        self.rows.append(row)
        print("   ", "  ".join(f"{name} {_short(value)}" for name, value in row.items()), flush=True)
        self._save(self.rows)

    def late(self, what: str) -> bool:
        """Whether the time is up; what is then left out is noted."""
        if self.left > 0:
            return False
        self.add(left_out=what, reason=f"the part's {self.allowance:.0f} s were over")
        return True

    @property
    def failed(self) -> list[dict[str, Any]]:
        """Results that are outside their bounds."""
        return [row for row in self.rows if row.get("passed") is False]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_short(item)}" for name, item in value.items()) + "}"
    text = "[" + ", ".join(_short(item) for item in value) + "]" if isinstance(value, (list, tuple)) else str(value)
    return text if len(text) <= 160 else text[:157] + "..."


def captured_steps(loop: Ours) -> Ours:
    """The loop with steps in static tensors, which on CUDA are captured; elsewhere they run as they are."""
    loop.captured = Captured(loop.stepper, loop.batches)
    return loop


captured.ALWAYS = False  # eager and captured cells are told apart by training.compile here


@contextlib.contextmanager
def algorithms(*, benchmark: bool = False, any_order: bool = False, deterministic: bool = False) -> Iterator[None]:
    """Within it cuDNN chooses by timing, or takes algorithms that add in any order; or all of PyTorch takes
    deterministic ones alone where it has them."""
    before = hardware.CUDNN_BENCHMARK, hardware.CUDNN_DETERMINISTIC
    hardware.CUDNN_BENCHMARK, hardware.CUDNN_DETERMINISTIC = benchmark, not any_order
    torch.use_deterministic_algorithms(deterministic, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    try:
        yield
    finally:
        hardware.CUDNN_BENCHMARK, hardware.CUDNN_DETERMINISTIC = before
        torch.use_deterministic_algorithms(False)
        torch.utils.deterministic.fill_uninitialized_memory = True


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    """|found - expected| / |expected| in float64, Euclidean."""
    a, b = found.detach().double().cpu(), expected.detach().double().cpu()
    return float((a - b).norm() / b.norm().clamp_min(1e-300))


def flat(parameters: Any) -> torch.Tensor:
    """Parameters as one vector on the CPU."""
    return torch.cat([p.detach().double().cpu().reshape(-1) for p in parameters])
