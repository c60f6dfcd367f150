"""The thread: it never holds up a study, and what it could not write sync writes later."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ssc_tune.errors import InputError
from ssc_tune.tracking import DEFAULT_URI, Tracker, find_experiment, sync
from ssc_tune.tracking import tracker as trackers
from ssc_tune.tracking.client import first_use_lock
from tests.making.studies import TRACKED, study
from tests.making.tracked import analysis, cell, cells
from tests.ports import free_port
from tests.tracking.store_view import cells as cell_runs
from tests.tracking.store_view import dump, runs


def tracker(uri: str, tmp_path: Path, problems: list[str] | None = None, **more: Any) -> Tracker:
    report = problems.append if problems is not None else pytest.fail
    return Tracker(uri, study(TRACKED), directory=tmp_path / "study", on_problem=report, **more)


def test_a_followed_study_is_as_sync_would_write_it(uri: str, tmp_path: Path) -> None:
    followed = tracker(uri, tmp_path)
    followed.start()
    for record, placements in cells():
        followed.cell(record, placements)
    report = followed.finish(analysis(study(TRACKED)), [], timeout=60)
    assert report[:4] == (8, 0, 0, ())
    before = dump(tmp_path / "mlflow.db")
    again = sync(study(TRACKED), cells(), analysis(study(TRACKED)), [], uri=uri, directory=tmp_path / "study")
    assert again[:4] == (0, 0, 8, ())
    assert dump(tmp_path / "mlflow.db") == before
    assert again.experiment_id == report.experiment_id


def test_verdicts_are_written_before_the_report_is_there(uri: str, tmp_path: Path) -> None:
    found, report = analysis(study(TRACKED)), tmp_path / "report.md"
    followed = tracker(uri, tmp_path)
    followed.start()
    for record, placements in cells():
        followed.cell(record, placements)
    followed.found(found, {})
    end = time.monotonic() + 60
    parents: list[Any] = []
    while not parents and time.monotonic() < end:
        time.sleep(0.1)
        parents = [] if followed._writer is None else _with_verdicts(uri)  # one at a time makes a store's tables
    assert [parent.info.status for parent in parents] == ["FINISHED"]
    report.write_text("what was found")
    assert followed.finish(found, [report], timeout=60)[:4] == (8, 0, 0, ())
    before = dump(tmp_path / "mlflow.db")
    again = sync(study(TRACKED), cells(), found, [report], uri=uri, directory=tmp_path / "study")
    assert again[:4] == (0, 0, 8, ())
    assert dump(tmp_path / "mlflow.db") == before
    assert [path.read_text() for path in tmp_path.rglob("artifacts/report.md")] == ["what was found"]


def _with_verdicts(uri: str) -> list[Any]:
    ended = [run for run in runs(uri, "stability") if run.info.status == "FINISHED"]
    return [run for run in ended if run.data.tags["ssc.role"] == "study" and "ssc.artifacts" in run.data.tags]


def test_verdicts_that_could_not_be_written_early_are_written_at_the_end(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, calls = trackers.Journal.close, []

    def refused_once(self: Any, *given: Any) -> None:
        calls.append(given)
        if len(calls) == 1:
            raise ConnectionError("nobody answers")
        close(self, *given)

    monkeypatch.setattr(trackers.Journal, "close", refused_once)
    found, followed = analysis(study(TRACKED)), tracker(uri, tmp_path)
    followed.start()
    followed.cell(*cell())
    followed.found(found, {})
    assert followed.finish(found, [], timeout=60)[:4] == (1, 0, 0, ())
    assert len(calls) == 2
    assert _with_verdicts(uri)


def test_that_the_end_waits_for_mlflow_is_said(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trackers, "PATIENCE", 0.0)
    said: list[str] = []
    followed = tracker(uri, tmp_path, on_wait=said.append)
    followed.start()
    for record, placements in cells():
        followed.cell(record, placements)
    assert followed.finish(None, [], timeout=60)[:4] == (8, 0, 0, ())
    assert said == ["MLflow is slower than the study: waiting for it, 60 s at most"]


def test_following_a_finished_study_again_changes_nothing(uri: str, tmp_path: Path) -> None:
    sync(study(TRACKED), cells(), analysis(study(TRACKED)), [], uri=uri, directory=tmp_path / "study")
    before = dump(tmp_path / "mlflow.db")
    followed = tracker(uri, tmp_path)
    followed.start()
    assert followed.finish(analysis(study(TRACKED)), [], timeout=60)[:4] == (0, 0, 0, ())
    assert dump(tmp_path / "mlflow.db") == before


def test_an_interrupted_study_leaves_no_run_open(uri: str, tmp_path: Path) -> None:
    followed = tracker(uri, tmp_path)
    followed.start()
    followed.cell(*cell())
    followed.finish(None, [], timeout=60)
    assert {run.info.status for run in runs(uri, "stability")} == {"KILLED", "FINISHED"}
    assert len(cell_runs(uri)) == 1


def test_a_server_that_is_down_is_reported_once_and_sync_repairs(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    problems: list[str] = []
    followed = tracker(f"http://anna:hunter2@127.0.0.1:{free_port()}", tmp_path, problems)
    followed.start()
    for record, placements in cells():
        followed.cell(record, placements)
    report = followed.finish(analysis(study(TRACKED)), [], timeout=60)
    assert report[:3] == (0, 0, 0)
    assert len(problems) == 1
    assert "ssc-tune sync stability --tracking-uri" in problems[0]
    assert "8 cells are not in MLflow yet" in report.problems[-1]
    assert not any("hunter2" in text for text in (*problems, *report.problems))
    log = tmp_path / "study" / "tracking.log"
    assert not log.exists() or "hunter2" not in log.read_text()
    repaired = sync(study(TRACKED), cells(), analysis(study(TRACKED)), [], uri=uri, directory=tmp_path / "study")
    assert repaired[:4] == (8, 0, 0, ())


def test_a_server_that_never_answers_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    problems: list[str] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        followed = tracker(address, tmp_path, problems)
        followed.start()
        followed.cell(*cell())
        report = followed.finish(None, [], timeout=0.5)
        assert followed._thread.is_alive()  # still waiting, and finish did not
    followed._thread.join(60)  # the closed socket frees it; it must not run into the next test
    assert not followed._thread.is_alive()
    assert problems == [report.problems[0]]
    assert report.problems[0].endswith(f"ssc-tune sync stability --tracking-uri {address}")


def test_advice_names_no_store_where_it_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlflow.db").mkdir()  # no database
    followed = tracker(DEFAULT_URI, tmp_path, [])
    followed.start()
    report = followed.finish(None, [], timeout=60)
    assert report.problems[-1] == "0 cells are not in MLflow yet; complete it with: ssc-tune sync stability"


def test_a_store_that_comes_back_gets_the_backlog(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ssc_tune.tracking import tracker as module

    calls = {"left": 2}
    real = module.Writer

    def unreliable(*args: Any, **kwargs: Any) -> Any:
        if calls["left"]:
            calls["left"] -= 1
            raise ConnectionError("down")
        return real(*args, **kwargs)

    monkeypatch.setattr(module, "Writer", unreliable)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    problems: list[str] = []
    followed = tracker(uri, tmp_path, problems)
    followed.start()
    for record, placements in cells():
        followed.cell(record, placements)
    report = followed.finish(None, [], timeout=60)
    assert report.num_created == 8
    assert len(problems) == 1
    assert len(cell_runs(uri)) == 8


def test_bad_addresses_are_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not understood"):
        tracker("ftp://host", tmp_path)


def test_the_lock_keeps_a_second_process_out(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'new' / 'mlflow.db'}"
    with first_use_lock(uri), pytest.raises(TimeoutError, match="held by another process"), first_use_lock(uri, 0.0):
        pass
    with first_use_lock(uri, 0.0):
        pass


def test_importing_the_package_imports_neither_mlflow_nor_pandas() -> None:
    code = "import sys, ssc_tune.tracking; print([m for m in ('mlflow', 'pandas', 'torch', 'ray') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_two_studies_that_start_at_once_on_a_fresh_store(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ssc_tune.tracking.client import open_client;"
        "open_client(sys.argv[1], Path(sys.argv[2])); print('opened')"
    )
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    command = [sys.executable, "-c", code, uri]
    started = [subprocess.Popen([*command, str(tmp_path / f"{i}")], stdout=-1, stderr=-1, text=True) for i in range(2)]
    ends = [process.communicate(timeout=300) for process in started]
    assert [out.strip() for out, _ in ends] == ["opened", "opened"], ends
    assert [error for _, error in ends] == ["", ""]  # no migration chatter


@pytest.mark.slow
def test_a_real_server(tmp_path: Path) -> None:
    port = free_port()
    store = f"sqlite:///{tmp_path / 'server.db'}"
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store, "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "--artifacts-destination", str(tmp_path / "artifacts")]
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path)
    try:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and server.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.5)
        time.sleep(5)  # the port opens a little before the workers answer
        uri = f"http://127.0.0.1:{port}"
        everything = [*cells(), cell("ssc", 2, 0, status="failed")]
        followed = tracker(uri, tmp_path)
        followed.start()
        for record, placements in everything[:4]:
            followed.cell(record, placements)
        assert followed.finish(None, [], timeout=120)[:4] == (4, 0, 0, ())
        first = sync(study(TRACKED), everything, analysis(study(TRACKED)), [], uri=uri, directory=tmp_path)
        assert first[:4] == (5, 0, 4, ()), (tmp_path / "server.log").read_text()[-2000:]
        found = find_experiment(uri, "stability")
        assert found is not None
        assert found.id == first.experiment_id
        assert "ssc-tune-overview" in found.views
        assert find_experiment(uri, "unknown") is None
        before = dump(tmp_path / "server.db")
        assert sync(study(TRACKED), everything, analysis(study(TRACKED)), [], uri=uri, directory=tmp_path)[:4] == (
            0,
            0,
            9,
            (),
        )
        assert dump(tmp_path / "server.db") == before
        assert len(runs(uri, "stability", 'tags.method = "ssc" and metrics.test_accuracy > 0.9')) == 4
        assert list((tmp_path / "artifacts").rglob("traceback.txt"))
    finally:
        server.terminate()
        server.wait(timeout=60)
