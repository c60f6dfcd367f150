"""Cells that raise and workers that die, through Ray, in one study that goes on; then the failed cell alone, again.

And what Ray must not do with the folder that a study is run in.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from ssc_tune.records.registrations import registered
from ssc_tune.study.registration import plan_hash
from tests.making.launches import Launches

FAULTS = "raise:ssc:1,raise:fixmatch:2:1,exit:fixmatch:1:1"
"""Always raises; raises once; dies once."""


NO_CLUSTER = "127.0.0.1:1"
"""What the environment names while the study runs; nobody listens there."""


class Ended(NamedTuple):
    launches: Launches
    code: int
    out: str
    err: str
    times: dict[str, int]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A run with faults, to its end."""
    launches = Launches(tmp_path_factory.mktemp("faults"))
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("RAY_ADDRESS", NO_CLUSTER)
        code, out, err = launches.run(faults=FAULTS)
    return Ended(launches, code, out, err, launches.times())


def test_every_cell_has_a_record_and_the_exit_code_says_that_one_failed(ended: Ended) -> None:
    records = ended.launches.records()
    assert {key: r.result.status for key, r in records.items()} == {
        ("fixmatch", 0): "ok",
        ("fixmatch", 1): "ok",
        ("fixmatch", 2): "ok",
        ("ssc", 0): "ok",
        ("ssc", 1): "failed",
        ("ssc", 2): "ok",
    }, ended.err
    assert ended.code == 1
    for record in records.values():
        if record.result.status == "ok":
            assert [e.step for e in record.result.history] == [2, 4, 6]
            assert record.result.steps == 6
            assert record.result.test_accuracy is not None


def test_a_cluster_that_the_environment_names_is_left_alone(ended: Ended) -> None:
    assert NO_CLUSTER not in ended.err
    assert len(ended.launches.records()) == 6


def test_the_plan_was_registered_before_every_cell(ended: Ended) -> None:
    (one,), problems = registered(ended.launches.store)
    assert problems == []
    assert one.hash == plan_hash(ended.launches.study)
    for record in ended.launches.records().values():
        assert record.registrations == (one.hash,)
        assert one.time < record.started


def test_a_cell_that_raises_is_tried_again(ended: Ended) -> None:
    records = ended.launches.records()
    assert [a.outcome for a in records["fixmatch", 2].attempts] == ["raised", "finished"]
    assert [a.outcome for a in records["fixmatch", 0].attempts] == ["finished"]


def test_a_cell_that_raises_for_ever_is_failed_with_its_traceback(ended: Ended) -> None:
    failed = ended.launches.records()["ssc", 1]
    assert [a.outcome for a in failed.attempts] == ["raised", "raised"]  # retries: 1
    assert "RuntimeError: fault asked for" in (failed.attempts[-1].traceback or "")
    assert failed.result.test_accuracy is None


def test_a_worker_that_dies_costs_an_attempt(ended: Ended) -> None:
    assert [a.outcome for a in ended.launches.records()["fixmatch", 1].attempts] == ["died", "finished"]


def test_the_terminal_shows_no_traceback(ended: Ended) -> None:
    assert "Traceback" not in ended.out + ended.err
    assert "1 cells failed" in ended.out or "1 cell failed" in ended.out
    assert "--retry-failed" in ended.out
    assert (ended.launches.store.path / "report.html").exists()


def test_tune_leaves_nothing_behind(ended: Ended) -> None:
    assert not (ended.launches.store.path / ".tune").exists()
    assert not list(ended.launches.store.path.glob("cells/*/attempts.jsonl"))


def test_a_finished_study_is_not_run_again_and_does_without_ray(ended: Ended, tmp_path: Path) -> None:
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "__init__.py").write_text("raise ImportError('ray was imported')\n")
    code, _, err = ended.launches.run(python_path=str(tmp_path))
    assert code == 1, err  # the failed cell stays failed
    assert "ray was imported" not in (ended.launches.store.path / "log.txt").read_text() + err
    assert ended.launches.times() == ended.times


@pytest.fixture(scope="module")
def retried(ended: Ended) -> Ended:
    """Then the same with ``--retry-failed``, below ``uv run`` and from a folder that is too large to be sent."""
    with (ended.launches.folder / "images.bin").open("wb") as file:
        file.truncate(600 * 2**20)
    code, out, err = ended.launches.run_below_uv("--retry-failed")
    return Ended(ended.launches, code, out, err, ended.launches.times())


def test_failed_cells_are_run_again_when_asked_for(ended: Ended, retried: Ended) -> None:
    assert retried.code == 0, retried.err
    assert "5 have a record" in retried.out
    assert "1 are new" in retried.out
    record = retried.launches.records()["ssc", 1]
    assert record.result.status == "ok"
    assert [a.outcome for a in record.attempts] == ["finished"]
    assert {name for name in retried.times if retried.times[name] != ended.times[name]} == {f"{record.cell_id}.json"}
    assert len(list(retried.launches.store.records.directory.glob("*.retried"))) == 1


def test_below_uv_run_the_working_directory_is_not_sent_to_workers(retried: Ended) -> None:
    """Ray would: to an environment that each worker makes anew, and not at all from a folder above 512 MiB."""
    assert retried.code == 0, retried.err
    assert {record.result.status for record in retried.launches.records().values()} == {"ok"}
