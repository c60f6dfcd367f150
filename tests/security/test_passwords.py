"""A study with a password in every address: neither what it wrote nor what it printed holds one."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.making.files import Bench
from tests.making.launches import Launches
from tests.ports import free_port

Call = Callable[..., tuple[int, str, str]]
OPTUNA, DATABASE, SERVER, QUERY, VARIABLE = (f"hunter-{name}/2" for name in ("opt", "db", "srv", "query", "env"))
SECRETS = tuple(f"hunter-{name}" for name in ("opt", "db", "srv", "query", "env"))


def leaks(text: str) -> list[str]:
    return [line for line in text.splitlines() if any(secret in line for secret in SECRETS)]


def test_neither_a_plan_nor_a_command_kept_by_an_older_version_says_its_password(one_block: Bench, call: Call) -> None:
    one_block.fill()
    path = one_block.folder.path / "study.json"
    kept = json.loads(path.read_text())
    kept["command"] = f"python -m ssc_tune.run small.yaml --optuna-storage 'postgresql://tester:{OPTUNA}@db/x'"
    path.write_text(json.dumps(kept))
    server = f"http://tester:{quote(SERVER, safe='')}@127.0.0.1:{free_port()}/?token={QUERY}"
    code, out, err = call("run", str(one_block.file), "--dry-run", "--tracking-uri", server, "--optuna-storage", server)
    assert code == 0
    assert "every user of this machine can read its password in ps" in err
    assert leaks(out + err) == []
    for command in (("report", "small"), ("show", "small"), ("list", "--json")):
        code, out, err = call(*command)
        assert code == 0
        assert ("--optuna-storage 'postgresql://***@db/x'" in out) == (command[0] != "report")
        assert leaks(out + err) == []
    for name in ("report.md", "report.html"):
        page = (one_block.folder.path / name).read_text()
        assert "postgresql://***@db/x" in page
        assert leaks(page) == []


class Told:
    """A finished run, all that was said, and where it was written."""

    def __init__(self, folder: Path, port: int, ray: Path) -> None:
        self.folder, self.ray = folder, ray
        self.points = f"postgresql+psycopg://tester:{OPTUNA}@127.0.0.1:{port}/points"
        runs = quote(DATABASE, safe="")
        self.runs = f"postgresql+psycopg://tester:{runs}@127.0.0.1:{port}/runs?sslpassword={QUERY}"
        self.server = f"http://tester:{quote(SERVER, safe='')}@127.0.0.1:{free_port()}"
        self.said: list[str] = []

    def call(self, *arguments: str, code: int = 0, **variables: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "MLFLOW_TRACKING_PASSWORD": VARIABLE, "RAY_TMPDIR": str(self.ray), **variables},
            check=False,
        )
        assert done.returncode == code, done.stderr
        self.said.append(done.stdout + done.stderr)
        return self.said[-1]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, postgresql_server: int) -> Iterator[Told]:
    import psycopg

    with psycopg.connect(f"postgresql://tester@127.0.0.1:{postgresql_server}/postgres", autocommit=True) as link:
        link.execute("create database points")
        link.execute("create database runs")
    folder = Launches(tmp_path_factory.mktemp("secrets")).folder
    with tempfile.TemporaryDirectory(prefix="r-", dir="/tmp") as ray:  # its sockets need a short path
        found = Told(folder, postgresql_server, Path(ray))
        found.call("ssc_tune.run", "tiny.yaml", "--optuna-storage", found.points, "--tracking-uri", found.server)
        show = found.call("ssc_tune.cli", "show", "tiny")
        assert "--optuna-storage 'postgresql+psycopg://***@127.0.0.1" in show
        found.call("ssc_tune.cli", "sync", "tiny", "--tracking-uri", found.runs)
        yield found


@pytest.mark.slow
def test_nothing_that_was_printed_holds_a_password(told: Told) -> None:
    assert [leaks(text) for text in told.said] == [[]] * len(told.said)
    assert "MLflow at http://***@127.0.0.1" in told.said[0]


@pytest.mark.slow
def test_nothing_that_was_written_holds_a_password(told: Told) -> None:
    files = [path for root in (told.folder, told.ray) for path in root.rglob("*") if path.is_file()]
    assert len(files) > 20
    found = [path for path in files if any(secret.encode() in path.read_bytes() for secret in SECRETS)]
    assert found == []


@pytest.mark.slow
def test_neither_database_holds_a_password(told: Told, postgresql_server: int) -> None:
    """Tags, notes and parameters of MLflow, and all that Optuna keeps, column by column."""
    import psycopg

    for name in ("points", "runs"):
        with psycopg.connect(f"postgresql://tester@127.0.0.1:{postgresql_server}/{name}") as link:
            tables = [row[0] for row in link.execute("select tablename from pg_tables where schemaname = 'public'")]
            rows = [str(row) for table in tables for row in link.execute(f'select * from "{table}"')]  # type: ignore[call-overload]
        assert len(rows) > 10
        assert [row for row in rows if leaks(row)] == []


@pytest.mark.slow
def test_the_kept_command_goes_on_with_the_addresses_in_the_environment(told: Told) -> None:
    kept = json.loads((told.folder / "runs" / "tiny" / "study.json").read_text())["command"]
    arguments = [*shlex.split(kept)[2:], "--dry-run"]
    refused = told.call(*arguments, code=2)
    assert "$SSC_TUNE_OPTUNA_STORAGE" in refused or "$MLFLOW_TRACKING_URI" in refused
    went_on = told.call(*arguments, SSC_TUNE_OPTUNA_STORAGE=told.points, MLFLOW_TRACKING_URI=told.server)
    assert "6 have a record" in went_on
