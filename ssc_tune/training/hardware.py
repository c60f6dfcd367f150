"""Device, arithmetic and memory order of a cell."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path

import torch
from torch import Tensor

from ssc_tune.training.config import Precision
from ssc_tune.training.processor import processor


def resolve_device(device: str) -> torch.device:
    """``auto`` is the first CUDA device where there is one, else the CPU."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(device)


def has_bfloat16(device: torch.device) -> bool:
    """Whether the processor multiplies bfloat16 natively: CUDA from Ampere on, CPUs with avx512_bf16 or AMX."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def autocast(precision: Precision, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """The context in which the encoder runs; weights, statistics, loss and optimizer stay in float32."""
    if precision == "bfloat16" or (precision == "auto" and has_bfloat16(device)):
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()


CUDNN_DETERMINISTIC = True
"""Whether cuDNN takes algorithms alone that add in one order. With others the same cell ends with other bits each time
in float32, and in bfloat16 from process to process (docs/performance.md)."""
CUDNN_BENCHMARK = False
"""Whether cuDNN times its algorithms for each size and takes the fastest.

The times, and so the bits, may differ from run to run: an interrupted cell would not end as an uninterrupted one.
``benchmarks/gpu_acceptance.py`` measures both.
"""


def set_arithmetic(precision: Precision, device: torch.device) -> None:
    """Says how CUDA rounds float32 and cuDNN picks its algorithms; it holds for the process, so a step sets it anew.

    Products and convolutions round their inputs to TF32 (10 bits of mantissa) with ``tf32`` alone: left alone, PyTorch
    would round in convolutions and not in matrix products. Elsewhere than on CUDA ``tf32`` is float32.
    """
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.benchmark = CUDNN_BENCHMARK
        torch.backends.cudnn.deterministic = CUDNN_DETERMINISTIC


def to_device(values: Tensor, device: torch.device) -> Tensor:
    """A tensor of the host on the device. On CUDA the copy starts from pinned memory and nothing waits for it."""
    if device.type != "cuda" or values.numel() == 0:
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def release_memory() -> None:
    """Gives back what is held and not used, so that another try, or another process, has room."""
    gc.collect()
    if torch.cuda.is_available():
        with contextlib.suppress(RuntimeError):  # of a GPU that has failed
            torch.cuda.empty_cache()


def forget_peak_memory(device: torch.device) -> None:
    """Lets :func:`peak_memory` begin anew."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5")


def peak_memory(device: torch.device) -> int | None:
    """Bytes at most held since :func:`forget_peak_memory`; none where the system does not tell (not Linux).

    On CUDA those of tensors; elsewhere the process's resident memory, its libraries included. Processes share the pages
    of images, and each counts them.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def describe(device: torch.device) -> dict[str, str]:
    """Facts about the machine that a record keeps."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
    return {"device": device.type, "processor": name, "torch_threads": str(torch.get_num_threads())}
