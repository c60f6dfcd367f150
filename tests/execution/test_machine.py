"""What counts as a fault of the machine: errors that were really raised, not made up, where that can be."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ssc_tune.execution.machine import fault_of
from ssc_tune.training.own_command import run_command


def raised_by(cause: Callable[[], None]) -> Exception:
    try:
        cause()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def no_space() -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        full.write(b"x")


def no_space_for_torch() -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        torch.save({"weights": torch.zeros(100_000)}, full)


def no_memory() -> None:
    np.zeros(2**56)


def no_memory_for_torch() -> None:
    torch.empty(2**56)


def no_threads() -> None:
    raise RuntimeError("can't start new thread")  # as threading says it


def of_gpu() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def too_many_files() -> None:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def read_fails() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO), "x.pt")


def behind_another() -> None:
    try:
        no_space()
    except OSError as error:
        raise ValueError("could not save") from error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "cause",
    [
        no_space,
        no_space_for_torch,
        no_memory,
        no_memory_for_torch,
        no_threads,
        of_gpu,
        too_many_files,
        read_fails,
        behind_another,
    ],
)
@pytest.mark.parametrize("ours", [True, False])
def test_faults_of_the_machine(cause: Callable[[], None], ours: bool) -> None:
    found = fault_of(raised_by(cause), ours=ours)
    assert found
    assert "\n" not in found


def test_a_command_that_is_killed(tmp_path: Path) -> None:
    given = {"hyperparameters": {}, "seed": 0, "setting": {}, "folder": tmp_path}
    for command in ("kill -9 $$", "bash -c 'kill -9 $$'; exit $?"):
        with pytest.raises(RuntimeError) as raised:
            run_command(["bash", "-c", command], tmp_path, given, lambda **_: None)
        assert "was killed" in (fault_of(raised.value, ours=False) or "")
    with pytest.raises(RuntimeError) as raised:
        run_command(["bash", "-c", "exit 3"], tmp_path, given, lambda **_: None)
    assert fault_of(raised.value, ours=False) is None


def missing_file() -> None:
    Path("/nowhere/at/all").read_bytes()


def wrong_shape() -> None:
    torch.zeros(2) + torch.zeros(3)


def missing_program() -> None:
    subprocess.run(["/nowhere/program"], check=True)


def division() -> None:
    raise ZeroDivisionError("no labels")


def test_faults_of_a_method_of_ones_own() -> None:
    for cause in (missing_file, wrong_shape, missing_program, division):
        assert fault_of(raised_by(cause), ours=False) is None
    for cause in (wrong_shape, division):
        assert fault_of(raised_by(cause), ours=True) is None
    assert fault_of(raised_by(missing_file), ours=True)  # our methods ask for no file that has not been there


def test_an_endless_chain_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert fault_of(first, ours=True) is None
