"""The benchmark of the allocator trains the same steps in every variant's process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "allocation.py"


@pytest.mark.slow
def test_variants_have_the_same_bits(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    command = [
        sys.executable,
        str(SCRIPT),
        "--settings",
        "tiny",
        "--methods",
        "ssc",
        "--rounds",
        "2",
        "--json",
        str(path),
    ]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=500).stdout
    rows = json.loads(path.read_text())
    assert [row["variant"] for row in rows] == [
        "as it comes",
        "keeps memory",
        "huge pages",
        "keeps memory, huge pages",
    ]
    assert all(row["same_bits"] for row in rows)
    assert rows[0]["gain"] == [1, 1, 1]
    for row in rows:
        assert 0 <= row["system_ms"] <= row["cpu_ms"]
        low, high = row["gain"][1:]
        assert 0 < low <= row["gain"][0] <= high
        assert row["peak_mib"] > 0
        assert f"| tiny | ssc | {row['variant']} | " in output
