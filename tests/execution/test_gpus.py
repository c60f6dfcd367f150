"""How many GPUs a machine has is seen without torch: from CUDA_VISIBLE_DEVICES, else from the driver's files."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

execution = importlib.import_module("ssc_tune.execution.execute")


@pytest.mark.parametrize(("given", "number"), [("", 0), ("-1", 0), ("0", 1), ("2,3", 2), ("GPU-a,GPU-b,", 2)])
def test_what_is_visible_is_what_counts(given: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert execution._num_gpus() == number


@pytest.mark.parametrize(("proc", "dev", "number"), [(0, 0, 0), (2, 2, 2), (0, 3, 3)])
def test_else_the_drivers_files_are_counted(
    proc: int, dev: int, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "dev").mkdir()
    for k in range(proc):
        (tmp_path / f"gpus/{k}").mkdir(parents=True)
    for name in [*(f"nvidia{k}" for k in range(dev)), "nvidiactl", "nvidia-uvm"]:
        (tmp_path / "dev" / name).touch()
    places = ((str(tmp_path / "gpus"), "*"), (str(tmp_path / "dev"), "nvidia[0-9]*"))
    monkeypatch.setattr(execution, "GPU_FILES", places)
    assert execution._num_gpus() == number
