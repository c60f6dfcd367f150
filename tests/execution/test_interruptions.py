"""Ctrl-C and SIGKILL: the same command goes on, runs nothing twice, and continues from checkpoints."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ssc_tune.training.loop import CHECKPOINT
from tests.making.launches import Launches, kill_group, wait_until

HELD = ",".join(f"hold:{method}:{seed}" for method in ("fixmatch", "ssc") for seed in (1, 2))
"""Two cells finish at once, the others are found under way."""


@pytest.mark.fault("Ctrl-C, then SIGKILL", "nothing is run twice, cells go on from their checkpoints")
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ctrl_c_then_sigkill_then_the_end(tmp_path: Path) -> None:
    launches = Launches(tmp_path)

    process = launches.start(faults=HELD)
    wait_until(lambda: len(launches.times()) >= 1 and launches.progress() >= 2, process)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the whole group
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in out + err
    assert "python -m ssc_tune.run tiny.yaml" in err  # how to go on
    first = launches.times()
    interrupted = {path.parent.name for path in launches.store.path.glob("cells/*/attempts.jsonl")}
    assert interrupted
    for cell_id in interrupted:
        assert [a.outcome for a in launches.store.attempts(cell_id)] == ["interrupted"]
    begun = {cell_id for cell_id in interrupted if (launches.store.cell(cell_id) / CHECKPOINT).exists()}
    assert begun  # another cell may have been interrupted before its first evaluation

    process = launches.start(faults=HELD.replace("hold:ssc:1,", ""))
    wait_until(lambda: len(launches.times()) > len(first) and launches.progress() >= 1, process)
    kill_group(process)
    second = launches.times()

    code, out, err = launches.run()
    assert code == 0, err
    last = launches.times()
    assert len(last) == 6
    assert {name: last[name] for name in second} == second  # finished cells were not run again
    assert {name: second[name] for name in first} == first
    records = {r.cell_id: r for r in launches.records().values()}
    assert all(r.result.status == "ok" for r in records.values())
    assert all(set(a.outcome for a in r.attempts) <= {"interrupted", "finished"} for r in records.values())
    for cell_id in interrupted:
        record = records[cell_id]
        continued = record.result.history[0].time < record.attempts[1].started
        assert continued or cell_id not in begun
        assert [e.step for e in record.result.history] == [2, 4, 6]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ctrl_c_before_the_first_cell(tmp_path: Path) -> None:
    launches = Launches(tmp_path)
    process = launches.start()
    wait_until(lambda: (launches.store.path / "optuna.db").exists(), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=90)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert launches.times() == {}


@pytest.mark.fault("a worker that always dies", "one cell lost, all others as ever; the next run tries it again")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_cell_whose_worker_always_dies_brings_nothing_down(tmp_path: Path) -> None:
    launches = Launches(tmp_path)
    code, _, err = launches.run(faults="exit:ssc:2")
    assert code == 1, err
    records = launches.records()
    assert len(records) == 6
    bad = records.pop(("ssc", 2))
    assert bad.result.status == "infrastructure"
    assert [a.outcome for a in bad.attempts] == ["died", "died"]
    assert all(record.result.status == "ok" for record in records.values())
    before = launches.times()
    code, _, err = launches.run()  # the machine is well again: only that cell is run
    assert code == 0, err
    after = launches.times()
    assert {name for name in after if after[name] != before[name]} == {f"{bad.cell_id}.json"}
