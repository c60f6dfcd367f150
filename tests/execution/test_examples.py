"""The shipped examples of methods that are not ours, run as a user runs them: trained, judged, and not run twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "cells"), [("trees", 2 * 3 * 2), ("command", 3 * 2)])
def test_an_example_is_judged_and_not_run_twice(name: str, cells: int, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    small = ("--set", "design.points=2", "--set", "seeds=2", "--tracking-uri", "none")
    command = [sys.executable, "-m", "ssc_tune.run", f"examples/{name}.yaml", *small]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for new in (cells, 0):
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        assert f"cells: {cells} in all; {cells - new} have a record, {new} are new" in done.stdout
        assert "inconclusive" in done.stdout or "supported" in done.stdout or "refuted" in done.stdout
    results = pd.read_csv(tmp_path / "runs" / name / "results.csv")
    assert len(results) == cells
    assert set(results["status"]) == {"ok"}
    assert results["test_accuracy"].between(0.1, 1).all()
    assert results["validation_accuracy"].notna().all()
    assert (tmp_path / "runs" / name / "report.html").stat().st_size > 10_000
