"""The benchmark of large studies makes a storage that is one, and every command gets through it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ssc_tune import running
from ssc_tune.commands import stored

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "many_cells.py"
ROWS = ["list, no report", "show, no report", "dry-run", "goes on, no report", "list", "show", "show a cell", "goes on"]


@pytest.mark.slow
def test_three_hundred_cells(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    command = [sys.executable, str(SCRIPT), "--cells", "300", "--keep", str(tmp_path), "--json", str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=500, cwd=tmp_path).stdout
    found = json.loads(path.read_text())
    assert found["cells"] == 300
    assert [row["name"] for row in found["rows"]] == [*ROWS, "report"]
    for row in found["rows"]:
        assert row["exit_code"] == 0
        assert row["cpu_seconds"] > 0
        assert row["peak_mib"] > 30
        assert f"| {row['name']} | " in output
    storage = tmp_path / "cells_300"
    study = stored.read(storage / "stability" / "study.json")
    plan = running.survey(study, running.Options(storage=storage))
    assert (plan.num_total, plan.num_new, plan.problems) == (300, 0, [])
    assert {record.result.status for record in plan.records.values()} == {"ok", "diverged"}
    assert {len(record.result.history) for record in plan.records.values()} == {10, 20}
    assert all(verdict.verdict == "supported" for verdict in _claims(study, storage))
    assert "written again" not in (tmp_path / "goes_on.log").read_text()


def _claims(study, storage):  # type: ignore[no-untyped-def]
    _, analysis = stored.judged(study, storage, explore=False)
    assert analysis is not None
    return analysis.verdicts[:2]
