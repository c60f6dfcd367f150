"""One driver a study: who comes second is told who runs; one that is gone is replaced; looking takes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssc_tune.errors import InputError
from ssc_tune.records.lease import EXPIRES, FILE, Lease, me


def never(text: str) -> None:
    raise AssertionError(text)


SCRIPT = """
import sys
from pathlib import Path
from ssc_tune.records.lease import Lease
with Lease(Path(sys.argv[1])).held(print, print):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lease of the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.fault("a second driver of a study", "exit 2, and who runs")
def test_the_second_is_told_who_runs(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    with pytest.raises(InputError, match=f"another run of this study is under way: process {other.pid} on "):
        Lease(tmp_path).take(never)
    other.communicate("")  # it ends well
    assert not (tmp_path / FILE).exists()
    with Lease(tmp_path).held(never, never):
        assert (tmp_path / FILE).exists()
    assert not (tmp_path / FILE).exists()


@pytest.mark.fault("the driver before was killed", "its lease is taken over and that is said")
def test_one_that_was_killed_is_replaced_at_once(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    other.kill()
    other.wait()
    said: list[str] = []
    with Lease(tmp_path).held(said.append, never):
        pass
    assert len(said) == 1
    assert f"process {other.pid}" in said[0]


def test_a_number_that_another_process_has_now_is_not_taken_for_it(tmp_path: Path) -> None:
    gone = me().model_copy(update={"pid": os.getppid(), "process": "12"})
    (tmp_path / FILE).write_text(gone.model_dump_json())
    Lease(tmp_path).take(lambda text: None)


@pytest.mark.fault(
    "a driver on another machine, its clock an hour or two off", "refused while it lives, else taken over"
)
@pytest.mark.parametrize("lives", [True, False])
def test_a_run_on_another_machine_is_watched(tmp_path: Path, lives: bool) -> None:
    far = me().model_copy(update={"machine": "elsewhere", "host": "elsewhere"})
    (tmp_path / FILE).write_text(far.model_dump_json())
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if lives and len(waited) == 2:
            clock = time.time() - 7200  # its clock may be anything
            os.utime(tmp_path / FILE, (clock, clock))

    said: list[str] = []
    lease = Lease(tmp_path, wait=wait)
    if lives:
        with pytest.raises(InputError, match="on elsewhere"):
            lease.take(said.append)
    else:
        lease.take(said.append)
        assert sum(waited) == EXPIRES
    assert "waiting 40 s" in said[0]


@pytest.mark.parametrize("content", ["", "{", "\x00" * 64, '{"token": 1}'])
def test_a_torn_lease_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    Lease(tmp_path).take(never)
    assert Lease(tmp_path).holder() is not None


@pytest.mark.fault("a driver that was thought dead comes back", "it stops and says who has taken over")
def test_who_has_lost_it_learns_so_and_leaves_the_file(tmp_path: Path) -> None:
    lost: list[str] = []
    with Lease(tmp_path, beat=0.01).held(never, lost.append):
        taker = me().model_copy(update={"host": "elsewhere"})
        (tmp_path / FILE).write_text(taker.model_dump_json())
        end = time.monotonic() + 20
        while not lost and time.monotonic() < end:
            time.sleep(0.01)
    assert "taken this study over" in lost[0]
    assert Lease(tmp_path).holder() == taker


def test_of_many_that_want_it_one_gets_it(tmp_path: Path) -> None:
    script = SCRIPT.replace("sys.stdin.read()", "import time; time.sleep(3)")
    started = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    said = [process.communicate()[0] for process in started]
    assert sum(b"held" in text for text in said) >= 1
    assert all((b"held" in text) == (process.returncode == 0) for text, process in zip(said, started, strict=True))
