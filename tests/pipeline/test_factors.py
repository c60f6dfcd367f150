"""A study of the label budget and of noise, through the real command to report, tables and MLflow."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tracking.store_view import cells, runs

TEXT = """\
name: budget
training: {steps: 4, evaluations: 1}
methods: [fixmatch, ssc]
hyperparameters: {batch_size: 8, mu: 1}
search_space:
  parameters:
    learning_rate: {type: float, default: 0.03, factor: 3}
    labels_per_class: {type: int, default: 4, low: 1, high: 20, log: true}
    label_noise: {type: float, default: 0.0, low: 0.0, high: 0.4}
design: {type: grid, levels: {labels_per_class: [2, 8], label_noise: [0, 0.25]}}
seeds: 1
"""


@pytest.mark.slow
def test_the_command_varies_data_and_shows_what_it_varied(tmp_path: Path) -> None:
    (tmp_path / "budget.yaml").write_text(TEXT, encoding="utf-8")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    command = [sys.executable, "-m", "ssc_tune.run", "budget.yaml", "--tracking-uri", uri]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True, capture_output=True)
    folder = tmp_path / "runs" / "budget"
    with (folder / "results.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = {(row["method"], row["labels_per_class"], row["label_noise"]) for row in rows if row["point"] != "0"}
    assert found == {
        (m, labels, noise) for m in ("fixmatch", "ssc") for labels in ("2", "8") for noise in ("0.0", "0.25")
    }
    assert {(row["labels_per_class"], row["label_noise"]) for row in rows if row["point"] == "0"} == {("4", "0.0")}
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert "digits, labels that vary" in report
    assert "labels\\_per\\_class" in report
    found_cells = cells(uri, "budget").values()
    assert len(found_cells) == len(rows)
    shown = {(cell.data.params["data.labels_per_class"], cell.data.params["data.label_noise"]) for cell in found_cells}
    assert shown == {("4", "0.0"), *((labels, noise) for labels in ("2", "8") for noise in ("0.0", "0.25"))}
    (study,) = runs(uri, "budget", 'tags.`ssc.role` = "study"')
    assert "data.labels_per_class" not in study.data.params
    assert study.data.params["data.name"] == "digits"
    names = " ".join(cell.info.run_name for cell in found_cells)
    assert "labels_per_class 8 label_noise 0.25" in names
