"""Arithmetic and graph capture, as far as a machine without a GPU can show it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from ssc_tune.training.hardware import allow_tf32, autocast

CPU = torch.device("cpu")


@pytest.fixture
def flags() -> Iterator[None]:
    """Leaves PyTorch's own flags as they were."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


@pytest.mark.usefixtures("flags")
@pytest.mark.parametrize(("precision", "allowed"), [("tf32", True), ("float32", False), ("bfloat16", False)])
def test_only_tf32_rounds_the_factors_of_float32_products_on_cuda(precision: str, allowed: bool) -> None:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = not allowed
    allow_tf32(precision, CPU)  # type: ignore[arg-type]
    assert torch.backends.cuda.matmul.allow_tf32 is not allowed  # the CPU leaves them alone
    allow_tf32(precision, torch.device("cuda"))  # type: ignore[arg-type]
    assert torch.backends.cuda.matmul.allow_tf32 is allowed
    assert torch.backends.cudnn.allow_tf32 is allowed


@pytest.mark.parametrize(
    ("precision", "dtype"), [("float32", torch.float32), ("tf32", torch.float32), ("bfloat16", torch.bfloat16)]
)
def test_arithmetic_of_products_in_the_encoder(precision: str, dtype: torch.dtype) -> None:
    with autocast(precision, CPU):  # type: ignore[arg-type]
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype
