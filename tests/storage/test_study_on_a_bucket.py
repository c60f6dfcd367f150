"""A whole study in a bucket: killed in the middle, and gone on with from a machine that has nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from ssc_tune.records import StudyFolder
from ssc_tune.records.mirrored import pull
from ssc_tune.storage import ObjectStorage, Stat, place
from ssc_tune.study import load_study
from ssc_tune.training.result import CHECKPOINT
from tests.making.buckets import SECRET, Server, make_bucket
from tests.making.clusters import cluster
from tests.making.launches import STUDY, Launches, kill_group, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ADDRESS = "s3://studies/of/mine"
HELD = ",".join(f"hold:{method}:{seed}" for method in ("fixmatch", "ssc") for seed in (1, 2))
"""One cell of each method ends, the others are found under way."""


class Ended(NamedTuple):
    launches: Launches
    killed: dict[str, Stat]  # what was in the bucket when the first run was killed
    code: int
    out: str
    err: str
    expected: dict[tuple[str, int], Any]


@pytest.fixture(scope="module")
def ended(bucket_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    """The same study in a folder; then in a bucket, killed, and run again with another mirror."""
    make_bucket("studies")
    plain = _launches(tmp_path_factory.mktemp("plain"))
    assert plain.run()[0] == 0
    launches, bucket = _launches(tmp_path_factory.mktemp("bucket")), ObjectStorage(ADDRESS)
    given = ("--storage", ADDRESS)
    launches.environment = {"SSC_TUNE_MIRRORS": str(launches.folder / "first")}
    process = launches.start(*given, faults=HELD)

    def in_the_middle() -> bool:
        names = bucket.list("")
        return any("/records/" in name for name in names) and len(_under_way(names)) > 0

    wait_until(in_the_middle, process)
    workers = psutil.Process(process.pid).children(recursive=True)
    kill_group(process)
    for worker in workers:  # which else go on until they see that the driver is gone
        with suppress(psutil.NoSuchProcess):
            worker.kill()
    psutil.wait_procs(workers, timeout=60)
    killed = bucket.list("")
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("SSC_TUNE_MIRRORS", str(launches.folder / "second"))
        launches.environment = {"SSC_TUNE_MIRRORS": str(launches.folder / "second")}
        code, out, err = launches.run(*given)
        launches.store = StudyFolder(place(ADDRESS), "tiny")
        pull(launches.store.storage)
        yield Ended(launches, killed, code, out, err, plain.results())


def _launches(folder: Path) -> Launches:
    launches = Launches(folder)
    (folder / "tiny.yaml").write_text(STUDY)
    launches.study = load_study(folder / "tiny.yaml")
    return launches


def _under_way(names: dict[str, Stat]) -> set[str]:
    """Cells with a checkpoint and an attempt and no record."""
    cells = {name.split("/")[2] for name in names if name.endswith(f"/{CHECKPOINT}")}
    begun = {cell for cell in cells if f"tiny/cells/{cell}/attempts.jsonl" in names}
    return {cell for cell in begun if f"tiny/records/{cell}.json" not in names}


@pytest.mark.fault(
    "driver and workers killed, the study in a bucket", "gone on with from another machine: same results"
)
def test_it_goes_on_from_a_machine_that_has_nothing_of_it(ended: Ended) -> None:
    assert ended.code == 0, ended.err
    assert not list((ended.launches.folder / "second").glob("*/tiny/cells/*/*.pt.damaged"))
    assert ended.launches.results() == ended.expected
    assert len(ended.expected) == 6


def test_what_was_finished_is_not_run_again_and_what_was_begun_goes_on(ended: Ended) -> None:
    now = ObjectStorage(ADDRESS).list("")
    records = {name: stat for name, stat in ended.killed.items() if "/records/" in name}
    assert records
    assert {name: now[name] for name in records} == records
    assert _under_way(ended.killed)
    for cell_id in _under_way(ended.killed):
        found = ended.launches.store.records.read(cell_id)
        assert found is not None
        assert [attempt.outcome for attempt in found.attempts] == ["interrupted", "finished"]
    assert "the last run of this study ended without a word" in ended.err


def test_the_bucket_has_what_a_folder_has(ended: Ended) -> None:
    now = ObjectStorage(ADDRESS)
    names = set(now.list("tiny/"))
    for name in ("study.json", "registrations.jsonl", "analysis.json", "report.html", "results.csv", "optuna.db"):
        assert f"tiny/{name}" in names
    assert not [name for name in names if name.endswith(("attempts.jsonl", "progress.json"))]
    checkpoints = {name.split("/")[2] for name in names if name.endswith(CHECKPOINT)}
    before = {cell for cell in checkpoints if f"tiny/records/{cell}.json" in ended.killed}
    assert len(checkpoints - before) <= 2  # of the best of each method; what a killed run left is for ``clean``
    for name in names:
        assert SECRET.encode() not in now.read(name)


def test_running_it_again_runs_nothing(ended: Ended) -> None:
    before = {name: stat for name, stat in ObjectStorage(ADDRESS).list("tiny/").items() if "/records/" in name}
    code, out, err = ended.launches.run("--storage", ADDRESS)
    assert code == 0, err
    assert "0 are new" in out
    assert SECRET not in out + err
    after = {name: stat for name, stat in ObjectStorage(ADDRESS).list("tiny/").items() if "/records/" in name}
    assert after == before


@pytest.mark.fault("a node lost, nodes without a common folder, the study in a bucket", "results of one machine")
def test_nodes_that_share_no_folder_share_the_bucket(ended: Ended, tmp_path: Path) -> None:
    make_bucket("apart")
    bucket = ObjectStorage("s3://apart/runs")
    with (
        cluster(tmp_path, faults=f"hold:ssc:0,hold:fixmatch:0,{HELD}") as made,
        pytest.MonkeyPatch.context() as changed,
    ):
        for number in range(2):
            made.start(SSC_TUNE_MIRRORS=str(tmp_path / f"mirrors of node {number}")).wait()
        for name, value in made.environment.items():
            changed.setenv(name, value)
        launches = _launches(tmp_path)
        launches.environment = {"SSC_TUNE_MIRRORS": str(tmp_path / "mirrors of the driver")}
        process = launches.start("--address", made.address, "--storage", bucket.address)
        second = tmp_path / "mirrors of node 1"
        wait_until(lambda: any(second.glob(f"*/tiny/cells/*/{CHECKPOINT}")), process)
        made.nodes[1].lose()
        launches.gate.touch()
        _, err = process.communicate(timeout=400)
    assert process.returncode == 0, err
    assert not list((tmp_path / "mirrors of the driver").glob("*/tiny/cells/*/attempts.jsonl"))
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("SSC_TUNE_MIRRORS", str(tmp_path / "looking"))
        launches.store = StudyFolder(place(bucket.address), "tiny")
        pull(launches.store.storage)
        assert launches.results() == ended.expected
