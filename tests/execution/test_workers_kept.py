"""A worker that is lost is replaced while the others go on: none of them takes the cell that its process was for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.making.launches import Launches


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_lost_worker_is_replaced_though_cells_are_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = tmp_path / "processes"
    monkeypatch.setenv("SSC_TUNE_PROCESSES", str(numbers))
    slow = ",".join(f"slow:{method}:{seed}" for method in ("fixmatch", "ssc") for seed in range(10))
    two = ("--set", "seeds=10", "--set", "resources.max_parallel=2", "--set", "resources.cpus=0.5")
    code, _, err = Launches(tmp_path).run(*two, faults=f"exit:ssc:0:1,{slow}")
    assert code == 0, err
    processes = numbers.read_text().split()
    assert len(processes) == 21  # one attempt was lost with its process
    shares = Counter(processes[-10:])
    assert len(shares) == 2, processes
    assert min(shares.values()) >= 3, processes
