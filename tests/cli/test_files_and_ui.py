"""New files are valid, wrong files are named, the UI is started on the right store, and nothing heavy is imported."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Bench

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


def test_the_ui_is_started_on_the_named_store(
    bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[tuple[list[str], dict[str, str]]] = []

    def fake(command: list[str], env: dict[str, str]) -> int:
        calls.append((command, env))
        return 7

    monkeypatch.setattr(subprocess, "call", fake)
    code, text, _ = call("ui", str(bench.file), "--tracking-uri", "sqlite:///other.db", "--port", "5123")
    assert code == 7
    command, env = calls[0]
    assert command[command.index("--backend-store-uri") + 1] == f"sqlite:///{tmp_path / 'other.db'}"
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert env["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert "http://127.0.0.1:5123/" in text
    assert "experiment small" in text


def test_a_tracking_server_needs_no_ui_of_ours(bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "call", lambda *a, **k: pytest.fail("nothing to start"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://anna:hunter2@mlflow.example.org")
    code, text, err = call("ui", str(bench.file))
    assert code == 0
    assert "https://mlflow.example.org/" in text
    assert "hunter2" not in text + err
    assert call("ui", str(bench.file), "--tracking-uri", "ftp://x")[0] == 2


@pytest.mark.slow
def test_the_real_ui_answers(bench: Bench) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ssc_tune.cli", "ui", str(bench.file), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        address = re.search(r"http://\S+/", process.stdout.readline())
        assert address is not None
        for _ in range(240):
            time.sleep(0.5)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/version", timeout=5) as answer:
                    assert re.match(rb"\d+\.\d+", answer.read())
                    break
            except OSError:
                assert process.poll() is None
        else:
            pytest.fail("no answer")
    finally:
        import os
        import signal

        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@pytest.mark.slow
def test_sync_writes_every_cell_and_twice_changes_nothing(bench: Bench, call: Call) -> None:
    bench.fill(bench.cells[:2])
    code, text, err = call("sync", "small", "--tracking-uri", "sqlite:///mlflow.db")
    assert (code, text, err) == (0, "runs: 2 created, 0 updated, 0 unchanged\n", "")
    assert call("sync", "small", "--tracking-uri", "sqlite:///mlflow.db")[1].endswith("2 unchanged\n")


def test_json_of_every_command_is_json(bench: Bench, call: Call) -> None:
    bench.fill(bench.cells[:4])
    for arguments in (["list"], ["show", "small"], ["check", "small"], ["report", "small"]):
        json.loads(call(*arguments, "--json")[1])
