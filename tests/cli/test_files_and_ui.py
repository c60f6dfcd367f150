"""New files are valid, wrong files are named, the UI is started on the right store, and nothing heavy is imported."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ssc_tune.tracking import ui
from tests.making.files import Bench
from tests.ports import free_port

Call = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[2]


def test_a_new_study_is_valid_and_never_replaces_one(bench: Bench, call: Call) -> None:
    assert call("new", "mine")[0] == 0
    assert call("validate", "mine.yaml") == (0, "mine.yaml: valid; study mine\n", "")
    before = Path("mine.yaml").read_bytes()
    assert call("new", "mine")[0] == 2
    assert Path("mine.yaml").read_bytes() == before


def test_every_shipped_file_is_valid(call: Call) -> None:
    files = sorted([*(ROOT / "studies").glob("*.yaml"), *(ROOT / "search_spaces").glob("*.yaml")])
    code, text, err = call("validate", *map(str, files))
    assert (code, err) == (0, "")
    assert text.count("a valid search space") == len(list((ROOT / "search_spaces").glob("*.yaml")))
    assert len(text.splitlines()) == len(files)


def test_all_errors_of_all_files_are_shown_at_once(bench: Bench, call: Call) -> None:
    Path("space.yaml").write_text("parameters:\n  tau: {type: flaot, default: 0.9, low: 0.5, high: 1}\n")
    Path("study.yaml").write_text("name: x\nmethds: [ssc]\n")
    code, text, err = call("validate", "space.yaml", "study.yaml", "nowhere.yaml", str(bench.file))
    assert code == 2
    assert str(bench.file) in text
    assert [name in err for name in ("space.yaml:2", "study.yaml:2", "nowhere.yaml")] == [True] * 3
    assert "Traceback" not in err


def test_help_and_errors_import_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("name: x\n")
    script = """
import sys
from ssc_tune.cli import main
for arguments in (["--help"], ["show", "--help"], ["validate", "bad.yaml"], ["run", "bad.yaml"], ["show", "nothing"]):
    try:
        assert main(arguments) == 2
    except SystemExit as end:
        assert end.code == 0
print("heavy:", sorted({"torch", "ray", "mlflow", "optuna", "sklearn", "statsmodels", "altair"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("heavy: []\n"), done.stdout


def _store(path: Path, *names: str, views: tuple[str, ...] = ()) -> None:
    """A store with experiments, the third of them the study's unless others are named."""
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.execute("CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT)")
        store.execute("CREATE TABLE experiment_tags (key TEXT, value TEXT, experiment_id INTEGER)")
        rows = [(1, "small", "deleted"), (2, "other", "active"), (3, "small", "active")]
        store.executemany("INSERT INTO experiments VALUES (?, ?, ?)", rows[: None if not names else 2])
        tags = [(f"mlflow.sharedViewState.{key}", "{}", 3) for key in views]
        store.executemany("INSERT INTO experiment_tags VALUES (?, ?, ?)", tags)
        store.commit()


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("nothing", "no MLflow experiment of this study"),
        ("others", "no MLflow experiment of this study"),
        ("empty", "no MLflow experiment of this study"),
        ("no store", "cannot be read: file is not a database"),
    ],
)
def test_without_the_studys_experiment_there_is_one_line_and_neither_store_nor_server(
    bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: str, said: str
) -> None:
    monkeypatch.setattr(ui, "until_its_end", lambda *a, **k: pytest.fail("nothing to show"))
    if there == "others":
        _store(tmp_path / "store.db", "other")
    if there == "empty":
        (tmp_path / "store.db").write_bytes(b"")
    if there == "no store":
        (tmp_path / "store.db").write_text("text" * 100)
    before = sorted(tmp_path.rglob("*"))
    code, text, error = call("ui", str(bench.file), "--tracking-uri", "sqlite:///store.db")
    assert (code, text, error.count("\n")) == (2, "", 1)
    assert error.startswith("small: ")
    assert said in error
    assert sorted(tmp_path.rglob("*")) == before


def test_a_port_that_is_taken_is_one_line(
    bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ui, "until_its_end", lambda *a, **k: pytest.fail("it would end at once"))
    _store(tmp_path / "store.db")
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, text, error = call("ui", str(bench.file), "--tracking-uri", "sqlite:///store.db", "--port", port)
    assert (code, text) == (2, "")
    assert error.splitlines()[-1] == f"--port {port}: something else listens there; name another"
    code, _, error = call("ui", str(bench.file), "--tracking-uri", "sqlite:///store.db", "--port", "70000")
    assert (code, error.splitlines()[-1]) == (2, "--port 70000: allowed: 1 to 65535")


def test_the_ui_is_started_on_the_named_store(
    bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[tuple[list[str], dict[str, str]]] = []

    def fake(command: list[str], env: dict[str, str]) -> int:
        calls.append((command, env))
        return 7

    monkeypatch.setattr(ui, "until_its_end", fake)
    _store(tmp_path / "other.db")
    port = str(free_port())
    code, text, _ = call("ui", str(bench.file), "--tracking-uri", "sqlite:///other.db", "--port", port)
    assert code == 7
    command, env = calls[0]
    assert command[command.index("--backend-store-uri") + 1] == f"sqlite:///{tmp_path / 'other.db'}"
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert env["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert f"http://127.0.0.1:{port}/" in text
    assert "experiment small" in text


class _Up(http.server.BaseHTTPRequestHandler):
    """MLflow's UI, once it is up."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_the_overview_is_named_at_once_and_again_when_the_server_is_up(
    bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port, told = free_port(), threading.Event()

    def serve(*_: object, **__: object) -> int:
        with http.server.ThreadingHTTPServer(("127.0.0.1", port), _Up) as server:
            threading.Thread(target=server.serve_forever).start()
            assert told.wait(60)
            server.shutdown()
        return 0

    def say(when_up: Callable[[], None]) -> Callable[[], None]:
        return lambda: (when_up(), told.set())[0]

    wait = ui._wait
    monkeypatch.setattr(ui, "_wait", lambda port, ended, when_up: wait(port, ended, say(when_up)))
    monkeypatch.setattr(ui, "until_its_end", serve)
    _store(tmp_path / "store.db", views=("ssc-tune-overview", "ssc-tune"))
    _, text, error = call("ui", str(bench.file), "--tracking-uri", "sqlite:///store.db", "--port", str(port))
    page = f"http://127.0.0.1:{port}/#/experiments/3/runs?"
    overview = f"{page}viewStateShareKey=ssc-tune-overview&workflowType=machine_learning"
    first, runs, charts, last = text.splitlines()
    assert first == f"MLflow: {overview}  experiment small (Ctrl-C ends it)"
    assert runs == f"runs:   {page}workflowType=machine_learning&orderByKey=attributes.start_time&orderByAsc=false"
    assert charts.startswith(f"charts: {page}viewStateShareKey=ssc-tune&")
    assert last == f"MLflow is up: {overview}"
    assert error == ""


@pytest.mark.parametrize("views", [(), ("ssc-tune",)])
def test_a_store_without_an_overview_opens_on_all_runs_and_says_what_adds_it(
    bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, views: tuple[str, ...]
) -> None:
    monkeypatch.setattr(ui, "until_its_end", lambda *a, **k: 0)
    _store(tmp_path / "store.db", views=views)
    _, text, error = call("ui", str(bench.file), "--tracking-uri", "sqlite:///store.db", "--port", str(free_port()))
    assert text.count("viewStateShareKey") == len(views)  # the charts, where they are there
    assert "workflowType=machine_learning" in text.splitlines()[0]
    assert error.startswith("small: no overview is prepared in sqlite:///")
    assert error.endswith("; ssc-tune sync adds it\n")


def test_finding_the_pages_imports_no_mlflow(bench: Bench) -> None:
    script = """
import sqlite3, sys
from ssc_tune.cli import main
from ssc_tune.tracking import ui
store = sqlite3.connect("store.db")
store.execute("CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT)")
store.execute("INSERT INTO experiments VALUES (3, 'small', 'active')")
store.commit()
ui.until_its_end = lambda *a, **k: 0
assert main(["ui", "small.yaml", "--tracking-uri", "sqlite:///store.db"]) == 0
print("heavy:", sorted({"torch", "ray", "mlflow", "optuna", "pandas"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "/experiments/3/runs" in done.stdout
    assert done.stdout.endswith("heavy: []\n")


class _Experiments(http.server.BaseHTTPRequestHandler):
    """A tracking server that knows two experiments and one password, and answers as MLflow's does."""

    def do_GET(self) -> None:
        asked = urllib.parse.urlsplit(self.path)
        if asked.path != "/api/2.0/mlflow/experiments/get-by-name":
            return self._answer(404, b"Not Found")
        if self.headers["Authorization"] != f"Basic {base64.b64encode(b'anna:hunter@2').decode()}":
            return self._answer(403, b"Permission denied")
        (name,) = urllib.parse.parse_qs(asked.query)["experiment_name"]
        stages = {"small": "active", "gone": "deleted"}
        if name not in stages:
            return self._answer(404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such experiment"}')
        tags = [{"key": "mlflow.sharedViewState.ssc-tune-overview", "value": "{}"}]
        found = {"experiment_id": "12", "lifecycle_stage": stages[name], "tags": tags}
        return self._answer(200, json.dumps({"experiment": found}).encode())

    def _answer(self, code: int, text: bytes) -> None:
        self.send_response(code)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Host and port of a tracking server; nothing else may be started."""
    monkeypatch.setattr(ui, "until_its_end", lambda *a, **k: pytest.fail("nothing to start"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Experiments) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("how", ["address", "environment", "wrong password"])
def test_a_tracking_server_needs_no_ui_of_ours(
    bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch, server: str, how: str
) -> None:
    if how == "environment":
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "anna")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter@2")
    user = {"environment": "", "wrong password": "anna:hunter3@"}.get(how, "anna:hunter%402@")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{user}{server}")
    code, text, err = call("ui", str(bench.file))
    assert code == 0
    known = how in ("address", "environment")
    assert (f"http://{server}/#/experiments/12/runs?viewStateShareKey=ssc-tune-overview" in text) == known
    assert f"http://{server}/#/experiments" in text
    assert ("does not take the name and password" in err) == (not known)
    assert "hunter" not in text + err


@pytest.mark.parametrize(
    ("study", "address", "said"),
    [
        ("other", "", "no MLflow experiment of this study in http://"),
        ("gone", "", "no MLflow experiment of this study in http://"),
        ("small", "/elsewhere", "does not answer as MLflow does: HTTP 404"),
        ("small", "nobody", "does not answer: "),
    ],
)
def test_a_server_without_the_experiment_is_one_line(
    bench: Bench, call: Call, server: str, study: str, address: str, said: str
) -> None:
    host = f"127.0.0.1:{free_port()}" if address == "nobody" else f"{server}{address}"
    code, text, err = call(
        "ui", str(bench.file), "--set", f"name={study}", "--tracking-uri", f"http://anna:hunter%402@{host}"
    )
    assert (code, text, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"{study}: ")
    assert said in err
    assert "hunter" not in err


@pytest.mark.parametrize("uri", ["ftp://x", "databricks"])
def test_a_store_whose_pages_have_no_address_is_one_line(bench: Bench, call: Call, uri: str) -> None:
    code, text, err = call("ui", str(bench.file), "--tracking-uri", uri)
    assert (code, text, err.count("\n")) == (2, "", 1)


def _listens(port: int) -> bool:
    with contextlib.closing(socket.socket()) as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
def test_the_real_ui_answers(bench: Bench, call: Call) -> None:
    bench.fill(bench.cells[:2])
    assert call("sync", "small", "--tracking-uri", "sqlite:///mlflow.db")[0] == 0
    port = free_port()
    command = [sys.executable, "-m", "ssc_tune.cli", "ui", str(bench.file), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        lines = []
        while not lines or not lines[-1].startswith("MLflow is up"):
            line = process.stdout.readline()  # until the server is up, or has ended
            assert line, lines
            lines.append(line)
        address = re.search(r"http://\S+", lines[0])
        assert address is not None
        assert address[0].endswith("/runs?viewStateShareKey=ssc-tune-overview&workflowType=machine_learning")
        assert lines[-1] == f"MLflow is up: {address[0]}\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/version", timeout=60) as answer:
            assert re.match(rb"\d+\.\d+", answer.read())
        process.terminate()  # it alone, not its group
        process.wait(60)
        deadline = time.monotonic() + 60
        while _listens(port):
            assert time.monotonic() < deadline, "the server goes on"
            time.sleep(0.5)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@pytest.mark.slow
def test_sync_writes_every_cell_and_twice_changes_nothing(bench: Bench, call: Call) -> None:
    bench.fill(bench.cells[:2])
    code, text, err = call("sync", "small", "--tracking-uri", "sqlite:///mlflow.db")
    assert (code, text) == (0, "runs: 2 created, 0 updated, 0 unchanged\n")
    assert err == "models: 2 of 2 cells have no checkpoint any more (--keep-checkpoints); left out\n"
    assert call("sync", "small", "--tracking-uri", "sqlite:///mlflow.db")[1].endswith("2 unchanged\n")


def test_json_of_every_command_is_json(one_block: Bench, call: Call) -> None:
    one_block.fill(one_block.cells[:4])
    for arguments in (["list"], ["show", "small"], ["check", "small"], ["report", "small"]):
        json.loads(call(*arguments, "--json")[1])
