"""What a Ray of one's own consists of, and what is not imported before a worker is at its first cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making.launches import Launches, processes_of, wait_until

_WATCH = """
import pathlib, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "mlflow":
            at_work = any(pathlib.Path("runs").glob("*/cells/*/attempts.jsonl"))
            pathlib.Path("imported").write_text("while a worker was at a cell" if at_work else "before")

if "ssc_tune.run" in sys.orig_argv:
    sys.meta_path.insert(0, Watch())
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_started_or_imported_that_the_first_cells_do_not_need(tmp_path: Path) -> None:
    launches = Launches(tmp_path)
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(_WATCH)
    process = launches.start("--tracking-uri", f"sqlite:///{tmp_path}/mlflow.db", python_path=str(tmp_path / "watch"))
    wait_until(lambda: any(launches.store.path.glob("cells/*/attempts.jsonl")), process)
    lines = processes_of(launches)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert [line for line in lines if "gcs_server" in line], lines
    assert not [line for line in lines if "monitor.py" in line or "dashboard.py" in line]
    assert (tmp_path / "imported").read_text() == "while a worker was at a cell"
