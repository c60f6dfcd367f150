"""The folder of data sets, named on the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ssc_tune.data import cache

Call = Callable[..., tuple[int, str, str]]
ARRAY = """
name: cells
data: {name: array, path: own.npz, labels_per_class: 1, validation: 4}
training: {steps: 2, evaluations: 1}
methods: [supervised]
hyperparameters: {batch_size: 4}
search_space: {parameters: {learning_rate: {type: float, default: 0.03, factor: 3}}}
design: {type: defaults}
seeds: 1
"""


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path)
    write_own(tmp_path / "own.npz")
    (tmp_path / "cells.yaml").write_text(ARRAY)


def write_own(path: Path) -> None:
    code = (
        "import sys, numpy as np; r = np.random.default_rng(0); i = r.integers(0, 256, (30, 8, 8), dtype=np.uint8); "
        "np.savez(sys.argv[1], train_images=i[:20], train_labels=np.arange(20) % 2, test_images=i[20:], "
        "test_labels=np.arange(10) % 2)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


@pytest.mark.parametrize("command", ["validate", "run", "register"])
def test_the_option_comes_before_the_variable(command: str, call: Call, tmp_path: Path) -> None:
    more = ["--dry-run"] if command == "run" else []
    code, _, err = call(command, "cells.yaml", "--data-dir", "here", *more)
    assert (code, err) == (0, "")
    assert os.environ[cache.VARIABLE] == str(tmp_path / "here")
    assert list((tmp_path / "here" / "surveys").iterdir())
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.slow
def test_workers_keep_data_there_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ssc_tune.run", "cells.yaml", "--data-dir", "here", "--tracking-uri", "none"]
    subprocess.run(command, check=True, timeout=240)
    assert list((tmp_path / "here" / "arrays").iterdir())
    assert not (tmp_path / "elsewhere").exists()
