"""The benchmark of tracking runs, and finds what it says of a worker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "tracking.py"


@pytest.mark.slow
def test_quick_measures_the_cell_the_worker_and_both_stores(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    command = [sys.executable, str(SCRIPT), "--quick", "--steps", "8", "--json", str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=500, cwd=tmp_path).stdout
    found = json.loads(path.read_text())
    training, worker, sqlite, server = found["rows"]
    assert [row["count"] for row in found["rows"]] == [2, 2, 6, 6]
    for row in found["rows"]:
        assert 0 < row["cpu_range"][0] <= row["cpu_seconds"] <= row["cpu_range"][1]
        assert row["share_of_cpu"] == pytest.approx(row["cpu_seconds"] / training["cpu_seconds"])
        assert row["share_of_wall"] == pytest.approx(row["wall_seconds"] / training["wall_seconds"])
    assert worker["cpu_seconds"] < training["cpu_seconds"]
    assert 0 <= server["server_cpu_seconds"] < 10 * server["wall_seconds"]
    assert sqlite["cpu_seconds"] > server["cpu_seconds"]  # a server does the database's work
    assert found["worker"] == {"mlflow_imported": False, "opened": {}}
    assert "| driver, a cell to SQLite |" in output
    assert [file.name for file in tmp_path.iterdir()] == ["found.json"]
