"""MLflow's system metrics: on the parent run of a study when asked for, nowhere otherwise, and never in the way."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ssc_tune.errors import InputError
from ssc_tune.tracking import Tracker, sync
from ssc_tune.tracking import tracker as tracker_module
from ssc_tune.tracking.system import SystemMetrics, check_system_metrics
from tests.making.studies import TRACKED, study
from tests.making.tracked import analysis, cell, cells
from tests.tracking.store_view import cells as cell_runs
from tests.tracking.store_view import dump, query, runs

CPU, MEMORY = "system/cpu_utilization_percentage", "system/system_memory_usage_percentage"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.1")


def follow(uri: str, folder: Path, problems: list[str] | None = None, **options: Any) -> Tracker:
    report = problems.append if problems is not None else pytest.fail
    followed = Tracker(uri, study(TRACKED), directory=folder / "study", on_problem=report, **options)
    followed.start()
    return followed


def samples(folder: Path, key: str = MEMORY) -> list[tuple[str, int]]:
    """Run id and step of every sample."""
    found = query(folder / "mlflow.db", "SELECT run_uuid, step FROM metrics WHERE key = ? ORDER BY step", key)
    return [(run, step) for run, step in found]


def wait_for_samples(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(samples(folder)) < count:
        assert time.monotonic() < deadline, "no samples"
        time.sleep(0.1)


def test_the_parent_run_alone_gets_them_and_sync_leaves_them(uri: str, tmp_path: Path) -> None:
    followed = follow(uri, tmp_path, system_metrics=True)
    for record, placements in cells():
        followed.cell(record, placements)
    wait_for_samples(tmp_path, 3)
    assert followed.finish(analysis(study(TRACKED)), [], timeout=60)[:4] == (8, 0, 0, ())
    parent = runs(uri, "stability", 'tags.`ssc.role` = "study"')[0]
    assert parent.info.status == "FINISHED"
    assert {run for run, _ in samples(tmp_path)} == {run for run, _ in samples(tmp_path, CPU)} == {parent.info.run_id}
    assert 0 <= parent.data.metrics[CPU] <= 100
    assert {"system/system_memory_usage_megabytes", "system/disk_usage_percentage"} <= set(parent.data.metrics)
    before = dump(tmp_path / "mlflow.db")
    time.sleep(0.5)  # five intervals
    assert sync(study(TRACKED), cells(), analysis(study(TRACKED)), [], uri=uri, directory=tmp_path)[:4] == (0, 0, 8, ())
    assert dump(tmp_path / "mlflow.db") == before


def test_the_first_reading_of_the_processor_which_is_always_0_is_left_out(uri: str, tmp_path: Path) -> None:
    followed = follow(uri, tmp_path, system_metrics=True)
    wait_for_samples(tmp_path, 3)
    followed.finish(None, [], timeout=60)
    assert samples(tmp_path)[0][1] == 0
    assert [step for _, step in samples(tmp_path, CPU)] == [step for _, step in samples(tmp_path)[1:]]


def test_nothing_is_sampled_unless_asked_for(uri: str, tmp_path: Path) -> None:
    followed = follow(uri, tmp_path)
    followed.cell(*cell())
    time.sleep(0.5)  # five intervals
    followed.finish(None, [], timeout=60)
    assert query(tmp_path / "mlflow.db", "SELECT DISTINCT key FROM metrics WHERE key LIKE 'system/%'") == []


def test_a_finished_study_that_is_run_again_gets_no_samples(uri: str, tmp_path: Path) -> None:
    sync(study(TRACKED), cells(), analysis(study(TRACKED)), [], uri=uri, directory=tmp_path)
    before = dump(tmp_path / "mlflow.db")
    followed = follow(uri, tmp_path, system_metrics=True)
    for record, placements in cells():
        followed.cell(record, placements)
    time.sleep(0.5)  # five intervals
    followed.finish(analysis(study(TRACKED)), [], timeout=60)
    assert dump(tmp_path / "mlflow.db") == before


def test_a_store_that_is_down_at_first_gets_them_later(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, real = [1, 2], tracker_module.Writer

    def unreliable(*args: Any, **kwargs: Any) -> Any:
        if left:
            left.pop()
            raise ConnectionError("down")
        return real(*args, **kwargs)

    monkeypatch.setattr(tracker_module, "Writer", unreliable)
    monkeypatch.setattr(tracker_module, "RETRY_SECONDS", 0.0)
    problems: list[str] = []
    followed = follow(uri, tmp_path, problems, system_metrics=True)
    for record, placements in cells():
        followed.cell(record, placements)
    wait_for_samples(tmp_path, 2)
    assert followed.finish(None, [], timeout=60).num_created == 8
    assert len(problems) == 1


def test_a_monitor_that_gave_up_is_followed_by_another_that_counts_on(uri: str, tmp_path: Path) -> None:
    followed = follow(uri, tmp_path, system_metrics=True)
    followed.cell(*cell("ssc", 0))
    wait_for_samples(tmp_path, 2)
    assert followed._system is not None
    given_up = followed._system._monitor
    given_up.finish()
    given_up._process = None
    last = samples(tmp_path)[-1][1]
    followed.cell(*cell("ssc", 1))
    wait_for_samples(tmp_path, last + 3)
    followed.finish(None, [], timeout=60)
    steps = [step for _, step in samples(tmp_path)]
    assert steps == list(range(len(steps)))
    assert len(steps) >= last + 3


def test_a_monitor_that_fails_costs_its_samples_only(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no /proc")

    monkeypatch.setattr(SystemMetrics, "follow", fail)
    problems: list[str] = []
    followed = follow(uri, tmp_path, problems, system_metrics=True)
    for record, placements in cells():
        followed.cell(record, placements)
    assert followed.finish(analysis(study(TRACKED)), [], timeout=60).num_created == 8
    assert problems == ["system metrics: RuntimeError: no /proc"]
    assert len(cell_runs(uri)) == 8


def test_without_psutil_it_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(InputError, match="pip install psutil"):
        check_system_metrics()
