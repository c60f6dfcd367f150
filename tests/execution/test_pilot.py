"""A pilot that is really trained: it shows nothing of its cells, and the study goes on from them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ssc_tune.records import StudyFolder

STUDY = """\
name: tiny
data: {name: digits, labels_per_class: 1, validation: 50}
training: {steps: 6, evaluations: 3}
methods: [fixmatch, ssc]
hyperparameters: {batch_size: 8, mu: 1}
search_space:
  parameters:
    learning_rate: {type: float, default: 0.03, factor: 30}
design: {type: sobol, points: 8}
seeds: 2
"""


@pytest.mark.slow
def test_a_pilot_trains_its_cells_and_shows_none(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(STUDY)
    command = [sys.executable, "-m", "ssc_tune.cli", "plan", "tiny.yaml", "--pilot", "4"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    folder = StudyFolder(tmp_path / "runs", "tiny")
    assert len(list(folder.records.directory.glob("*.json"))) == 2 * 5 * 2
    # Six steps may leave no spread beyond the noise; then the error says so, of both methods together.
    assert ended.returncode in (0, 2)
    assert "no spread over points" in ended.stderr or "how often the claim is supported" in ended.stdout
    assert "cells done: all methods 20/20" in ended.stderr
    for told in ("fixmatch", "ssc ", "accuracy 0.", "supported:"):
        assert told not in ended.stdout + ended.stderr
    assert not list(tmp_path.rglob("report.*"))
    assert not list(tmp_path.rglob("mlflow.db"))
