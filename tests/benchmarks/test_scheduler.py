"""The benchmark of the scheduler runs, and says what a cell costs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "scheduler.py"


@pytest.mark.slow
def test_what_a_cell_costs(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--cells", "240", "--nodes", "0", "--json", str(tmp_path / "found.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "found.json").read_text())["rows"]
    assert 200 <= row["cells"] <= 240
    assert row["cpu"] > 0
    assert re.search(r"^a cell: [\d.]+ \([\d.]+-[\d.]+\) ms from one to the next", done.stdout, re.MULTILINE)
    assert "1,000 GPUs with 4 cells each: the driver needs a whole core where a cell lasts" in done.stdout
