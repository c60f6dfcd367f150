"""Ray of one's own, as it really is while a study runs here: what it holds, who reaches it, and who reads its files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
SCRIPT = """
import json, os, stat, sys, threading
from pathlib import Path
import psutil
from ssc_tune import execution
from tests.making.screens import Unseen
from ssc_tune.execution.place import HERE, set_environment, token_file
from ssc_tune.records import StudyFolder
from tests.making.studies import study

of = study(resources={"cpus": 0.3, "max_parallel": 4})
set_environment(HERE)
folder, stop = StudyFolder(Path("runs"), "small"), threading.Event()
with execution.cluster.started(of, folder, HERE, stop=stop, screen=Unseen()) as room:
    import ray
    wanted = [{name.upper() if name in ("cpu", "gpu") else name: n for name, n in room.asked.items() if n}]
    groups = [ray.util.placement_group(wanted) for _ in range(room.workers() + 1)]
    ready = [group.wait(20 if k < room.workers() else 2) for k, group in enumerate(groups)]
    own = psutil.Process().children(recursive=True)
    hosts = {c.laddr.ip for p in [psutil.Process(), *own] for c in p.net_connections("tcp") if c.status == "LISTEN"}
    session = Path(ray._private.worker._global_node.get_session_dir_path())
    private = session.parents[1]
    mode = lambda path: oct(stat.S_IMODE(path.stat().st_mode))
    found = {"workers": room.workers(), "ready": ready, "hosts": sorted(hosts), "session": str(private),
             "private": mode(private), "token": mode(token_file())}
print(json.dumps({**found, "left": private.exists()}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("here")
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("RAY_AUTH_TOKEN_PATH", str(folder / "keys" / "token"))
        changed.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return read


def test_it_holds_as_many_cells_as_promised_and_no_more(found: dict[str, Any]) -> None:
    assert found["workers"] == 4
    assert found["ready"] == [True] * 4 + [False]


def test_only_this_machine_reaches_it(found: dict[str, Any]) -> None:
    assert found["hosts"]
    assert set(found["hosts"]) <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}


def test_its_files_and_token_are_its_owners(found: dict[str, Any]) -> None:
    assert (found["private"], found["token"], found["left"]) == ("0o700", "0o600", False)
