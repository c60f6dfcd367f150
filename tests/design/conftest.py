"""A PostgreSQL server that lives as long as the tests that ask for it."""

from __future__ import annotations

import glob
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port


def _binaries() -> Path | None:
    found = [Path(p) for p in sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)]
    if shutil.which("pg_config"):
        said = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        found.append(Path(said))
    return next((p for p in found if (p / "initdb").exists() and (p / "postgres").exists()), None)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[int]:
    """The port of a server on loopback, with a throw-away cluster."""
    binaries = _binaries()
    if binaries is None or importlib.util.find_spec("psycopg") is None:
        pytest.skip("needs PostgreSQL's server programs and psycopg")
    prefix: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix="ssc-tune-pg-"))
    if os.geteuid() == 0:  # the server refuses to run as root
        try:
            account = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("needs an account postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        prefix = ["runuser", "-u", "postgres", "--"]
    data, port = folder / "data", free_port()
    try:
        subprocess.run(
            [*prefix, str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "tester", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        subprocess.run(
            [
                *prefix,
                str(binaries / "pg_ctl"),
                "-D",
                str(data),
                "-w",
                "-l",
                str(folder / "log"),
                "-o",
                options,
                "start",
            ],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        yield port
        os.kill(pid, signal.SIGINT)  # its fast shutdown
        for _ in range(100):
            if not (data / "postmaster.pid").exists():
                break
            time.sleep(0.1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_server: int, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database."""
    import psycopg

    name = f"t{abs(hash(request.node.nodeid))}"
    with psycopg.connect(f"postgresql://tester@127.0.0.1:{postgresql_server}/postgres", autocommit=True) as link:
        link.execute(f"create database {name}")
    return f"postgresql+psycopg://tester@127.0.0.1:{postgresql_server}/{name}"
