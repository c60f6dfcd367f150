"""For every test: one thread a process, as cells have in a study; the tests themselves run in two processes."""

from __future__ import annotations

import gc
import json
import os
import platform
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from ssc_tune import bytecode

bytecode.keep()  # for the processes that tests start, as a run keeps it for its own
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell: tests of Ctrl-C mean it
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as below nohup: what tests start would not be told
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

MEMORY, ROOM = "/dev/shm", 8 * 2**30


def memory_has_room() -> bool:
    """Whether files can be kept in memory here, and programs be run from it."""
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return False
    runs = not found.f_flag & os.ST_NOEXEC
    return runs and os.access(MEMORY, os.W_OK) and found.f_bavail * found.f_frsize >= ROOM


if memory_has_room():  # what is written whole, file by file, is waited for on a disk: half of a test's time
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY)

gc.disable()  # until all is imported, which stays: there is nothing to be found

settings.register_profile("ours", deadline=None)  # a timing is never asserted in a test
settings.load_profile("ours")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--reliability FILE`` writes what the tests with a ``fault`` mark have survived, and keeps what others have."""
    parser.addoption(
        "--reliability", metavar="FILE", help="JSON of the faults that were survived (docs/reliability.py)"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test's fault travels with its report, also from one process to another."""
    for item in items:
        for mark in item.iter_markers("fault"):
            item.user_properties.append(("fault", list(mark.args)))


def pytest_collection_finish() -> None:
    """Garbage is looked for among what tests make: in a million objects of modules and tests it takes seconds."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """Libraries count what is left of theirs at the end, which must then be found."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def _drawn_here() -> Iterator[None]:
    """Tests in two processes keep two cores busy: a report's pictures are drawn in the test's own.

    Whoever draws, they are the same (tests/report/test_drawers.py); commands that tests start have helpers.
    """
    from ssc_tune.report import drawers

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawers, "MOST", 1)
        yield


def pytest_configure(config: pytest.Config) -> None:
    """Where reports are gathered, the faults are too."""
    path = config.getoption("--reliability")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Survived(Path(path)), "survived")


class Survived:
    """Gathers the faults of all tests, and writes them at the end.

    Args:
        path: of the JSON file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test's setup, call or teardown has ended."""
        properties: dict[str, Any] = dict(report.user_properties)
        if "fault" not in properties or (report.when != "call" and report.passed):
            return
        row = {
            "fault": properties["fault"][0],
            "promise": properties["fault"][1],
            "times": properties.get("times", 1),
            "outcome": report.outcome,
        }
        known = self._rows.get(report.nodeid)
        if known is None or known["outcome"] == "passed":
            self._rows[report.nodeid] = row

    def pytest_sessionfinish(self) -> None:
        """All have."""
        machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
        if self._path.exists():  # of tests that were not run this time
            kept = json.loads(self._path.read_text())["tests"]
            self._rows = {row["test"]: {k: v for k, v in row.items() if k != "test"} for row in kept} | self._rows
        rows = [{"test": name, **row} for name, row in sorted(self._rows.items())]
        content = {"machine": machine, "python": platform.python_version(), "tests": rows}
        self._path.write_text(json.dumps(content, indent=1) + "\n")
