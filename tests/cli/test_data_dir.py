"""The folder of data sets, named on the command line."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ssc_tune.data import cache
from tests.data.disk_formats import idx, random_parts

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


@pytest.mark.usefixtures("measured_here")
@pytest.mark.parametrize("command", ["validate", "run", "register"])
def test_the_option_comes_before_the_variable(command: str, call: Call, tmp_path: Path) -> None:
    more = ["--dry-run"] if command == "run" else []
    code, _, err = call(command, "cells.yaml", "--data-dir", "here", *more)
    assert (code, err) == (0, "")
    assert os.environ[cache.VARIABLE] == str(tmp_path / "here")
    assert list((tmp_path / "here" / "surveys").iterdir())
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.slow
def test_workers_read_files_from_there(tmp_path: Path) -> None:
    """Tiny files in MNIST's own format, unpacked as torchvision leaves them; validation is a share of the 40 images."""
    parts, raw = random_parts((1, 28, 28), 10, train=40, test=20), tmp_path / "here" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, images, labels in (("train", *parts[:2]), ("t10k", *parts[2:])):
        for kind, values in (("images-idx3-ubyte", images[:, 0]), ("labels-idx1-ubyte", labels.astype("uint8"))):
            (raw / f"{name}-{kind}").write_bytes(idx(values))
    study = re.sub("data: .*", "data: {name: mnist, labels_per_class: 1, validation: 0.25}", ARRAY)
    (tmp_path / "mnist.yaml").write_text(study)
    command = [sys.executable, "-m", "ssc_tune.run", "mnist.yaml", "--data-dir", "here", "--tracking-uri", "none"]
    subprocess.run(command, check=True, timeout=240)
    (array,) = (tmp_path / "here" / "arrays").glob("mnist-*/train_images.npy")
    assert np.array_equal(np.load(array), parts.train)
    (row,) = csv.DictReader((tmp_path / "runs" / "cells" / "results.csv").read_text().splitlines())
    assert row["status"] == "ok"
    assert not (tmp_path / "elsewhere").exists()
