"""What machines do to a study that runs, done to a real one: in the end its records are those of a run left alone."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ssc_tune.execution.watchdog import SIGNS
from ssc_tune.records.lease import FILE
from ssc_tune.training.loop import CHECKPOINT
from tests.making.launches import Launches, kill_group, processes_of, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("SSC_TUNE_KILLS", "4"))
"""Times that the driver is killed."""
SAME = "the records of a run that nothing happens to"
SLOW = ",".join(f"slow:{method}:{seed}" for method in ("fixmatch", "ssc") for seed in (1, 2))
"""Two cells finish at once, the others take seconds."""
HELD = SLOW.replace("slow", "hold")
"""Two cells finish at once, the others are found under way."""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Any]:
    """Results of a run that nothing happens to."""
    launches = Launches(tmp_path_factory.mktemp("alone"))
    code, _, err = launches.run()
    assert code == 0, err
    return launches.results()


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of its own in a folder; the test is skipped where none can be made."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("no disk can be made here (mount)")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.fault("the disk is full", SAME)
def test_a_full_disk(tmp_path: Path, alone: dict[tuple[str, int], Any]) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "700k"):
        launches = Launches(tmp_path, storage="disk")
        code, out, err = launches.run()
        assert code == 1
        assert "a machine failed a cell: OSError: [Errno 28] No space left on device" in err
        assert "could not be run: OSError: [Errno 28] No space left on device; the same command goes on" in err
        assert "Traceback" not in out + err
        assert {record.result.status for record in launches.records().values()} <= {"ok", "infrastructure"}
        subprocess.run(["mount", "-o", "remount,size=100m", str(disk)], check=True)
        code, _, err = launches.run()
        assert code == 0, err
        assert launches.results() == alone


def statuses(store: Path) -> dict[str, list[str]]:
    """Of the runs in a store of MLflow by what they stand for; nothing before its tables are there."""
    query = "SELECT tags.value, status FROM runs JOIN tags USING (run_uuid) WHERE key = 'ssc.role' ORDER BY status"
    found: dict[str, list[str]] = {"study": [], "group": [], "cell": []}
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(store)) as opened:
        for role, status in opened.execute(query):
            found[role].append(status)
    return found


@pytest.mark.fault(
    "SIGTERM, SIGHUP", f"exit 143 and 130, the command to go on, no run of MLflow stays running, then {SAME}"
)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 130)])
def test_a_request_to_end(tmp_path: Path, alone: dict[tuple[str, int], Any], number: int, code: int) -> None:
    launches, store = Launches(tmp_path), tmp_path / "mlflow.db"
    tracked = ("--tracking-uri", f"sqlite:///{store}")
    process = launches.start(*tracked, faults=SLOW.replace("slow", "stand"))
    wait_until(lambda: len(launches.times()) >= 1 and launches.progress() >= 2, process)  # both workers stand then
    wait_until(lambda: "FINISHED" in statuses(store)["cell"], process)
    process.send_signal(number)
    out, err = process.communicate(timeout=90)
    assert process.returncode == code, err
    assert "Traceback" not in out + err
    assert "interrupted: " in err
    assert "python -m ssc_tune.run tiny.yaml" in err  # how to go on
    for path in launches.store.path.glob("cells/*/attempts.jsonl"):
        assert [a.outcome for a in launches.store.attempts(path.parent.name)] == ["interrupted"]
    assert not (launches.store.path / FILE).exists()
    ended = statuses(store)
    assert ended["study"] == ["KILLED"]
    assert set(ended["group"]) == {"KILLED"}
    assert ended["cell"] == ["FINISHED"] * len(launches.times())  # one under way has no run yet
    done, _, err = launches.run(*tracked)
    assert done == 0, err
    assert launches.results() == alone
    assert statuses(store) == {"study": ["FINISHED"], "group": ["FINISHED"] * 2, "cell": ["FINISHED"] * 6}


@pytest.mark.fault(
    "SIGTERM to the whole group of the command, as Ray starts and in the middle",
    f"exit 143, the command to go on, no process is left, then {SAME}",
)
@pytest.mark.parametrize("moment", ["as Ray starts", "in the middle"])
def test_a_request_to_all_to_end(tmp_path: Path, alone: dict[tuple[str, int], Any], moment: str) -> None:
    launches = Launches(tmp_path)

    def is_time() -> bool:
        if moment == "in the middle":
            return len(launches.times()) >= 1 and launches.progress() >= 2
        return any("gcs_server" in line for line in processes_of(launches))

    process = launches.start(faults=SLOW.replace("slow", "stand"))
    wait_until(is_time, process)
    os.killpg(process.pid, signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 143, err
    assert "Traceback" not in out + err
    assert "python -m ssc_tune.run tiny.yaml" in err  # how to go on
    end = time.monotonic() + 60
    while (left := processes_of(launches)) and time.monotonic() < end:  # Ray's end by themselves
        time.sleep(0.2)
    assert not left
    done, _, err = launches.run()
    assert done == 0, err
    assert launches.results() == alone


@pytest.mark.fault("the machine's clock is set an hour forth or back in the middle of a run", SAME)
@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clock_that_is_set(tmp_path: Path, alone: dict[tuple[str, int], Any], seconds: int) -> None:
    """As processes in Python see it; a cell that raises and one whose worker dies are under way then."""
    launches = Launches(tmp_path, "timeout: 60\n")
    (tmp_path / "clock").write_text("0")
    launches.environment = {"SSC_TUNE_CLOCK": str(tmp_path / "clock")}
    process = launches.start(faults=f"{HELD},raise:ssc:2,exit:fixmatch:2:1")
    wait_until(lambda: len(launches.times()) >= 1 and launches.progress() >= 1, process)
    (tmp_path / "clock").write_text(str(seconds))
    launches.gate.touch()
    _, err = process.communicate(timeout=400)
    assert process.returncode == 1, err
    assert "no sign of life" not in err
    assert "taken" not in err
    results, records = launches.results(), launches.records()
    assert records["ssc", 2].result.status == "failed"
    assert {key: results[key] for key in alone if key != ("ssc", 2)} == {
        key: alone[key] for key in alone if key != ("ssc", 2)
    }
    for record in records.values():
        assert 0 <= record.result.seconds < 1800
        assert set(a.outcome for a in record.attempts) <= {"finished", "raised", "died"}
        for attempt in record.attempts:
            assert attempt.ended is not None
    code, _, err = launches.run("--retry-failed")
    assert code == 0, err
    assert launches.results() == alone


@pytest.mark.fault("a second driver", f"it is told who runs; {SAME}")
def test_two_drivers(tmp_path: Path, alone: dict[tuple[str, int], Any]) -> None:
    launches = Launches(tmp_path)
    process = launches.start(faults=HELD)
    wait_until(lambda: launches.progress() >= 1, process)
    code, _, err = launches.run()
    assert code == 2
    assert f"another run of this study is under way: process {process.pid} on" in err
    launches.gate.touch()
    _, err = process.communicate(timeout=400)
    assert process.returncode == 0, err
    assert launches.results() == alone


@pytest.mark.fault("every worker frozen (SIGSTOP)", f"the frozen are ended and said, no attempt is charged, {SAME}")
def test_frozen_workers(tmp_path: Path, alone: dict[tuple[str, int], Any]) -> None:
    launches = Launches(tmp_path, "timeout: 6\n")
    process = launches.start(faults=HELD)
    wait_until(lambda: launches.progress() >= 1, process)
    signs = [json.loads(path.read_text()) for path in launches.store.path.glob(f"{SIGNS}/*/*.json")]
    assert signs
    for each in signs:
        os.kill(each["pid"], signal.SIGSTOP)
    launches.gate.touch()
    _, err = process.communicate(timeout=400)
    assert process.returncode == 0, err
    assert "has shown no sign of life for" in err
    assert launches.results() == alone
    outcomes = [a.outcome for record in launches.records().values() for a in record.attempts]
    assert "machine" in outcomes
    assert set(outcomes) <= {"machine", "finished"}


@pytest.mark.fault("a cell that makes no progress", "ended after `timeout` with what it was doing; other cells as ever")
def test_a_cell_that_stands_still(tmp_path: Path, alone: dict[tuple[str, int], Any]) -> None:
    launches = Launches(tmp_path, "timeout: 6\n")
    code, _, err = launches.run(faults="stand:ssc:1:1,stand:fixmatch:2")
    assert code == 1, err
    records = launches.records()
    assert [a.outcome for a in records["ssc", 1].attempts] == ["died", "finished"]
    assert "in evaluated" in (records["ssc", 1].attempts[0].traceback or "")  # what it was doing
    lost = records["fixmatch", 2]
    assert lost.result.status == "infrastructure"
    assert lost.result.warnings == ("no progress for 6 s",)
    results = launches.results()
    assert {key: results[key] for key in alone if key != ("fixmatch", 2)} == {
        key: alone[key] for key in alone if key != ("fixmatch", 2)
    }


@pytest.mark.fault("Ray's memory monitor ends workers", f"said on the screen, no attempt charged, then {SAME}")
def test_memory_that_runs_low(tmp_path: Path, alone: dict[tuple[str, int], Any]) -> None:
    """Ray's memory monitor with a threshold below what the machine uses: it ends every worker in time."""
    launches = Launches(tmp_path)
    launches.environment = {"RAY_memory_usage_threshold": "0.01", "RAY_memory_monitor_refresh_ms": "100"}
    code, out, err = launches.run(faults=SLOW)
    assert code == 1
    assert "Ray ended a worker since its node runs low on memory" in err
    assert "Traceback" not in out + err
    assert "failed" not in {record.result.status for record in launches.records().values()}
    launches.environment = {}
    code, _, err = launches.run()
    assert code == 0, err
    assert launches.results() == alone
    outcomes = {a.outcome for record in launches.records().values() for a in record.attempts}
    assert "died" not in outcomes


@pytest.mark.fault("the driver and all workers are killed (SIGKILL) at random moments, checkpoints damaged", SAME)
def test_a_driver_that_is_killed_again_and_again(
    tmp_path: Path, alone: dict[tuple[str, int], Any], record_property: Callable[[str, object], None]
) -> None:
    launches, draws = Launches(tmp_path), random.Random(1)
    record_property("times", KILLS)
    for _ in range(KILLS):
        process = launches.start(faults=SLOW)
        wait_until(lambda: (launches.store.path / "study.json").exists(), process)
        end = time.monotonic() + draws.uniform(0, 30)
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)
        kill_group(process)
    for path in launches.store.path.glob(f"cells/*/{CHECKPOINT}"):  # and the disk did not survive it well
        if draws.random() < 0.5:
            content = bytearray(path.read_bytes())
            content[draws.randrange(len(content))] ^= 0x40
            path.write_bytes(content)
    code, _, err = launches.run()
    assert code == 0, err
    assert launches.results() == alone
    outcomes = {a.outcome for record in launches.records().values() for a in record.attempts}
    assert outcomes <= {"interrupted", "finished"}
