"""Cells that stand still are ended, from inside where the process lives, by the driver where it is frozen."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssc_tune.execution import deaths
from ssc_tune.execution.vigil import GRACE, Vigil
from ssc_tune.execution.watchdog import STACK, Signs, ended_by_watchdog, interval, show_signs
from ssc_tune.processes import began
from ssc_tune.records import StudyFolder
from tests.making.records import attempt

SCRIPT = """
import ctypes, sys, time
from pathlib import Path
from ssc_tune.execution.watchdog import watching
from ssc_tune.training.pulse import beat
def stand_still():
    {how}
with watching(Path(sys.argv[1]), 1.0):
    for _ in range(15):
        beat()
        time.sleep(0.2)
    print("three seconds of progress", flush=True)
    stand_still()
print("ended", flush=True)
"""


WAYS = ("time.sleep(600)", "ctypes.PyDLL(None).sleep(600)", "pass")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[subprocess.Popen[str], Path]]]:
    """A process for each way to stand still, and its folder: all at once, as they wait for most of their time."""
    found = {}
    for how in WAYS:
        folder = tmp_path_factory.mktemp("still")
        command = [sys.executable, "-c", SCRIPT.format(how=how), str(folder)]
        found[how] = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True), folder
    yield found
    for process, _ in found.values():
        process.kill()
        process.communicate(timeout=60)


@pytest.mark.fault("Python or native code that never comes back", "the process ends and says what it was doing")
@pytest.mark.parametrize("how", WAYS)
def test_a_process_that_stands_still_says_where_and_ends(
    started: dict[str, tuple[subprocess.Popen[str], Path]], how: str
) -> None:
    """Also where native code keeps every other Python thread from running."""
    process, folder = started[how]
    out, err = process.communicate(timeout=120)
    assert "three seconds of progress" in out, err
    if how == "pass":
        assert process.returncode == 0
        assert "ended" in out
        assert not (folder / STACK).exists()
    else:
        assert process.returncode == 1
        assert "ended" not in out
        assert "stand_still" in (ended_by_watchdog(folder) or "")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.fault("clocks set an hour forth and back", "no worker that lives counts as frozen")
def test_the_driver_ends_a_worker_that_shows_no_sign_of_life(tmp_path: Path) -> None:
    clock, ended = Clock(), []
    timeout = 100.0
    vigil = Vigil(tmp_path, timeout, lambda who, seconds: ended.append((who["pid"], seconds)), clock)
    path = tmp_path / "here-12.json"
    path.write_text('{"host": "here", "pid": 12, "node": "n", "cell": "c"}')
    touched = 1e9
    for _ in range(50):  # as long as it is touched, whatever time the file's clock says
        touched += -3600 if touched > 1e9 else 3600
        os.utime(path, (touched, touched))
        vigil.look()
        clock.now += timeout / 2
    assert ended == []
    clock.now += timeout
    vigil.look()
    vigil.look()
    assert [pid for pid, _ in ended] == [12]
    assert ended[0][1] > timeout
    assert interval(timeout) * GRACE < timeout


def test_a_file_of_signs_that_is_torn_ends_nobody(tmp_path: Path) -> None:
    clock, ended = Clock(), []
    vigil = Vigil(tmp_path, 1.0, lambda who, seconds: ended.append(who), clock)
    (tmp_path / "x.json").write_text("{")
    vigil.look()
    clock.now = 100.0
    vigil.look()
    assert ended == []


def test_signs_go_on_as_long_as_the_process(tmp_path: Path) -> None:
    show_signs(tmp_path, "node", "first", 1.0)
    show_signs(tmp_path, "node", "second", 1.0)
    (path,) = tmp_path.glob("*.json")
    assert '"cell": "second"' in path.read_text()
    before = path.stat().st_mtime_ns
    end = time.monotonic() + 20
    while path.stat().st_mtime_ns == before and time.monotonic() < end:
        time.sleep(0.05)
    assert path.stat().st_mtime_ns > before


def signs_of(pid: int) -> Signs:
    return Signs(host=socket.gethostname(), pid=pid, process=began(pid) or "", node="", cell="c")


def test_a_process_that_has_the_number_of_a_worker_that_died_is_let_alone(tmp_path: Path) -> None:
    folder, said = StudyFolder(tmp_path, "small"), []
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    signs = signs_of(process.pid)
    signs["process"] = signs_of(os.getpid())["process"]
    folder.log_attempt("c", attempt(1))
    deaths.end_worker(folder, signs, 77.0, said.append)
    process.communicate(b"\n", timeout=60)
    assert process.returncode == 0
    assert said == []
    assert folder.attempts("c")[-1].outcome == "running"


def test_a_frozen_worker_is_killed_and_its_cell_pays_nothing(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path, "small")
    folder.log_attempt("c", attempt(1, "raised"))
    folder.log_attempt("c", attempt(2))
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    said: list[str] = []
    signs = signs_of(process.pid)
    deaths.end_worker(folder, signs, 77.0, said.append)
    assert process.wait(timeout=30) == -9
    assert [a.outcome for a in folder.attempts("c")] == ["raised", "machine"]
    assert "no sign of life for 77 s" in said[0]
    folder.log_attempt("c", attempt(3))
    deaths.end_worker(folder, signs, 77.0, said.append)  # it is gone, and another is at the cell
    assert len(said) == 1
    assert folder.attempts("c")[-1].outcome == "running"
