"""A study on a cluster started by hand: two nodes, a third that joins, one that is lost; and clusters that are refused.

The nodes are processes of one machine with ports and folders of their own; what they share is the disk. Points live in
PostgreSQL, and so does the view of MLflow, behind a server.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from optuna.trial import TrialState

import ssc_tune
from ssc_tune.design.storage import open_storage
from ssc_tune.execution.preflight import DRIVER, FOLDER
from tests.making import postgresql
from tests.making.clusters import Cluster, cluster
from tests.making.launches import Launches, deciding, wait_until
from tests.making.mlflow_servers import cells_in, mlflow_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
HELD = ",".join(f"hold:{method}:{seed}" for method in ("fixmatch", "ssc") for seed in range(6))
SIX = ("--set", "seeds=6", "--set", "training.evaluations=6")


class Ended(NamedTuple):
    cluster: Cluster
    launches: Launches
    views: Views
    code: int
    out: str
    err: str


class Views(NamedTuple):
    optuna: str
    mlflow: str


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Views]:
    """Where Optuna's points and MLflow's view live: two databases of one PostgreSQL, a server before the second."""
    with postgresql.running() as server:
        store = server.database("mlflow")
        with mlflow_server(tmp_path_factory.mktemp("mlflow"), store) as uri:
            yield Views(server.url, uri)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, views: Views) -> Iterator[Ended]:
    """A run during which a node joins and another is lost, while cells are under way on it."""
    folder = tmp_path_factory.mktemp("cluster")
    with cluster(folder, faults=HELD) as made, pytest.MonkeyPatch.context() as changed:
        made.start()
        made.start().wait()
        for name, value in made.environment.items():
            changed.setenv(name, value)
        launches = Launches(folder)
        stores = ("--optuna-storage", views.optuna, "--tracking-uri", views.mlflow)
        process = launches.start(*SIX, "--address", "auto", *stores)
        wait_until((launches.store.path / FOLDER / DRIVER).exists, process)  # it looks at the nodes that there are
        made.start()
        wait_until(lambda: nodes_at_work(launches) >= 3, process)
        made.nodes[1].lose()
        launches.gate.touch()
        out, err = process.communicate(timeout=400)
        yield Ended(made, launches, views, process.returncode, out, err)


def nodes_at_work(launches: Launches) -> int:
    """Cells that have begun and have no record: each of the nodes holds one."""
    return len(list(launches.store.path.glob("cells/*/attempts.jsonl")))


def test_the_records_are_those_of_one_machine(ended: Ended, tmp_path: Path) -> None:
    assert ended.code == 0, (ended.out, ended.err)
    alone = Launches(tmp_path)
    code, _, err = alone.run(*SIX)
    assert code == 0, err
    names = sorted(alone.times())
    assert sorted(ended.launches.times()) == names
    assert len(names) == 12
    for name in names:
        there, here = (one.store.records.read(Path(name).stem) for one in (ended.launches, alone))
        assert there is not None
        assert here is not None
        assert deciding(there) == deciding(here)


def test_the_views_hold_every_cell_once(ended: Ended) -> None:
    names = [Path(name).stem for name in ended.launches.times()]
    assert cells_in(ended.views.mlflow, "tiny") == Counter(names)
    opened = open_storage(ended.views.optuna, Path())
    trials = [trial for one in opened.get_all_studies() for trial in opened.get_all_trials(one._study_id)]
    assert {trial.state for trial in trials} == {TrialState.COMPLETE}
    assert len(trials) == 2  # one point a method


def test_what_the_lost_node_was_at_went_on_elsewhere(ended: Ended) -> None:
    outcomes = [
        [attempt.outcome for attempt in record.attempts]
        for record in (ended.launches.store.records.read(Path(name).stem) for name in ended.launches.times())
        if record is not None
    ]
    assert [o for o in outcomes if o != ["finished"]] == [["died", "finished"]]


def test_nothing_of_the_run_is_left_in_the_study(ended: Ended) -> None:
    assert not (ended.launches.store.path / FOLDER).exists()
    assert not (ended.launches.store.path / ".tune").exists()
    assert (ended.cluster.nodes[0].process.poll(), ended.cluster.nodes[2].process.poll()) == (None, None)


def test_a_driver_without_the_token_is_told_so(ended: Ended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "wrong"))
    (tmp_path / "wrong").write_text("f" * 64)
    code, _, err = Launches(tmp_path).run("--address", ended.cluster.address)
    assert code == 2
    assert "Traceback" not in err
    assert f"address {ended.cluster.address}: " in err
    assert "the cluster's token" in err


def test_a_node_with_other_code_under_the_same_version_is_refused_when_it_joins_and_at_the_start(
    ended: Ended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "checkout"
    shutil.copytree(Path(ssc_tune.__file__).parent, other / "ssc_tune", ignore=shutil.ignore_patterns("__pycache__"))
    with open(other / "ssc_tune" / "losses" / "ssc.py", "a") as file:
        file.write("\n# one line more\n")
    for name, value in ended.cluster.environment.items():
        monkeypatch.setenv(name, value)
    launches, same = Launches(tmp_path), ("--set", "seeds=200", "--address", ended.cluster.address)
    process = launches.start(*same)
    wait_until((launches.store.path / FOLDER / DRIVER).exists, process)
    bad = ended.cluster.start(PYTHONPATH=str(other))
    _, err = process.communicate(timeout=400)
    again, _, err_again = launches.run(*same)
    bad.stop()
    assert (process.returncode, again) == (2, 2), (err, err_again)
    for text in (err, err_again):
        assert "has other code under the same version of ssc_tune" in text
        assert "Traceback" not in text
