"""Stacked seeds train as separate cells do, and the script that compares them runs."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.parametrize("method", ["fixmatch", "ssc"])
def test_stacked_seeds_equal_separate_cells(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    packing, throughput = importlib.import_module("packing"), importlib.import_module("throughput")
    cpu, float32 = torch.device("cpu"), {"precision": "float32", "channels_last": False}
    stacked = packing.make_stacked("tiny", method, 2, cpu, float32)
    start = {name: value.detach().clone() for name, value in stacked.parameters.items()}
    stacked.steps(3)
    separate = throughput.Ours("tiny", method, float32, cpu)  # seed 0
    separate.steps(3)
    moved = False
    for name, value in separate.network.named_parameters():
        found = stacked.parameters[f"network.{name}"]
        torch.testing.assert_close(found[0].detach(), value.detach(), rtol=1e-3, atol=1e-4)
        moved |= bool((found[0] - start[f"network.{name}"][0]).abs().max() > 1e-3)
    assert moved
    for name, value in separate.network.named_buffers():
        torch.testing.assert_close(stacked.buffers[f"network.{name}"][0], value, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_packing_writes_a_row_for_every_variant(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    command = [sys.executable, str(SCRIPTS / "packing.py"), "--setting", "tiny", "--seconds", "0.2", "--rounds", "1"]
    command += ["--methods", "ssc", "--processes", "1", "2", "--stacked", "2", "--device", "cpu", "--json", str(path)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    rows = json.loads(path.read_text())
    assert [(row["kind"], row["count"]) for row in rows] == [("processes", 1), ("processes", 2), ("stacked seeds", 2)]
    assert max(row["ratio_to_best_processes"] for row in rows[:2]) == 1
    assert all(row["cells_per_hour"] > 0 for row in rows)
