"""A network between nodes that is cut while all of them train: on one side it comes back, on the other it does not.

What was cut off trains on for a while, and writes to the storage that all share: a zombie beside the worker that the
driver has given its cell to.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making.clusters import cluster
from tests.making.launches import Launches, deciding, wait_until
from tests.making.networks import networks

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SLOW = ",".join(f"slow:{method}:{seed}" for method in ("fixmatch", "ssc") for seed in range(3))
MORE = ("--set", "training.steps=40", "--set", "training.evaluations=40")
"""On the nodes that are cut off a cell takes longer than it takes to notice that they are."""


@pytest.mark.fault(
    "the network to two nodes of a cluster is cut while all train, and one comes back",
    "the records of one machine, nothing counted twice",
)
def test_nodes_that_are_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("apart", "alone"):
        (tmp_path / name).mkdir()
    apart, alone = Launches(tmp_path / "apart"), Launches(tmp_path / "alone")
    code, _, err = alone.run(*MORE)
    assert code == 0, err
    with networks(2) as (one, other), cluster(tmp_path, faults=SLOW) as made:
        made.start(at=one.outside, SSC_TUNE_FAULTS="")
        nodes = [made.start(within=network) for network in (one, other)]
        for node in nodes:
            node.wait()
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        process = apart.start(*MORE, "--address", made.address)
        wait_until(lambda: len(apart.times()) >= 4 and apart.progress() >= 2, process)
        at_work = [path.parent for path in apart.store.path.glob("cells/*/progress.json")]
        one.cut()
        other.cut()
        # The head, which has nothing else to do, has taken them over: a second attempt has begun, or has ended.
        wait_until(lambda: all(_again(path) for path in at_work), process, seconds=400)
        one.mend()
        out, err = process.communicate(timeout=400)
        assert process.returncode == 0, (out, err)
        assert "Traceback" not in out + err
    names = sorted(alone.times())
    assert sorted(apart.times()) == names
    assert len(names) == 6
    for name in names:
        there, here = (launches.store.records.read(Path(name).stem) for launches in (apart, alone))
        assert there is not None
        assert here is not None
        assert deciding(there) == deciding(here)
        assert {attempt.outcome for attempt in there.attempts} <= {"died", "finished"}


def _again(cell: Path) -> bool:
    attempts = cell / "attempts.jsonl"
    return not attempts.exists() or '"number":2' in attempts.read_text()
