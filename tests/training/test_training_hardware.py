"""Arithmetic and graph capture, as far as a machine without a GPU can show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ssc_tune.training.hardware import autocast, set_arithmetic
from ssc_tune.training.loop import RunningCell
from tests.making.cells import EVERY_METHOD, make_config

CPU = torch.device("cpu")


@pytest.fixture
def flags() -> Iterator[None]:
    """Leaves PyTorch's own flags as they were."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic
    yield
    matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic = before


@pytest.mark.usefixtures("flags")
@pytest.mark.parametrize(("precision", "allowed"), [("tf32", True), ("float32", False), ("bfloat16", False)])
def test_only_tf32_rounds_the_factors_of_float32_products_on_cuda(precision: str, allowed: bool) -> None:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = not allowed
    set_arithmetic(precision, CPU)  # type: ignore[arg-type]
    assert torch.backends.cuda.matmul.allow_tf32 is not allowed  # the CPU leaves them alone
    set_arithmetic(precision, torch.device("cuda"))  # type: ignore[arg-type]
    assert torch.backends.cuda.matmul.allow_tf32 is allowed
    assert torch.backends.cudnn.allow_tf32 is allowed
    assert (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic) == (False, True)


@pytest.mark.parametrize(
    ("precision", "dtype"), [("float32", torch.float32), ("tf32", torch.float32), ("bfloat16", torch.bfloat16)]
)
def test_arithmetic_of_products_in_the_encoder(precision: str, dtype: torch.dtype) -> None:
    with autocast(precision, CPU):  # type: ignore[arg-type]
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype


class _Reads(TorchDispatchMode):
    """Notes operations whose result the host must wait for: a value that is read, or a shape that depends on values."""

    WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "_unique2", "unique_dim", "repeat_interleave", "equal")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += 1
        if func.overloadpacket.__name__ in self.WAITS:
            self.found.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_nothing_in_a_step_waits_for_the_device(method: str) -> None:
    moving = RunningCell(make_config(method, precision="bfloat16"), CPU)
    stepper, sums = moving._stepper, None
    with _Reads() as reads:  # the draws and the augmentation too
        for number, batch in enumerate(moving._batches.between(0, 2)):
            sums = stepper(batch, number, sums)
    assert reads.count > 200
    assert reads.found == []


def test_reading_a_value_would_be_noticed() -> None:
    with _Reads() as reads:
        torch.ones(()).item()
    assert len(reads.found) == 1
