"""The benchmark of a cell's parts finds each of them where it is done."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_every_part_takes_its_time_and_lies_within_the_cell(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    command = [sys.executable, str(ROOT / "benchmarks" / "cell.py"), str(ROOT / "studies" / "stability.yaml")]
    command += ["--cells", "2", "--set", "training.steps=8", "--json", str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=500).stdout
    rows = json.loads(path.read_text())
    for method in ("fixmatch", "ssc"):
        of = {row["part"]: row for row in rows if row["method"] == method}
        whole = of.pop("the whole cell")
        assert whole["share"] == 1
        assert all(0 < row["wall_ms"] < whole["wall_ms"] for row in of.values())
        assert of["evaluations"]["wall_ms"] < of["steps and evaluations"]["wall_ms"]
        assert of["in the disk"]["wall_ms"] < of["checkpoints"]["wall_ms"] + of["picture of prototypes"]["wall_ms"]
    assert "| ssc | checkpoints | " in output
