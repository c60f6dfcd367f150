"""A PostgreSQL server on loopback with a throw-away cluster, to be stopped and started by a test."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port


def binaries() -> Path | None:
    """Where its programs are, if they are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((path for path in found if (path / "initdb").exists() and (path / "postgres").exists()), None)


@contextmanager
def running() -> Iterator[Server]:
    """A server while the block runs; the test is skipped where there can be none."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("needs psycopg")
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.remove()


class Server:
    """Started with ``start`` and stopped with ``stop``, as often as needed; ``remove`` is the end.

    It skips the test where PostgreSQL, or an account that it would run as, is missing.
    """

    def __init__(self) -> None:
        found = binaries()
        if found is None:
            pytest.skip("needs PostgreSQL's server programs")
        self._binaries, self._prefix = found, []
        self._folder = Path(tempfile.mkdtemp(prefix="ssc-tune-pg-"))
        if os.geteuid() == 0:  # the server refuses to run as root
            try:
                account = pwd.getpwnam("postgres")
            except KeyError:
                pytest.skip("needs an account postgres")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
            self._prefix = ["runuser", "-u", "postgres", "--"]
        self._data, self.port = self._folder / "data", free_port()
        self._run("initdb", "-A", "trust", "-U", "tester", "--no-sync")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._prefix, str(self._binaries / program), "-D", str(self._data), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder)

    def start(self) -> None:
        """Starts it and waits until it answers."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Cuts every connection off and ends it, by its process id."""
        file = self._data / "postmaster.pid"
        os.kill(int(file.read_text().splitlines()[0]), signal.SIGINT)
        end = time.monotonic() + 60
        while file.exists():
            assert time.monotonic() < end, "the server does not end"
            time.sleep(0.05)

    def remove(self) -> None:
        """Ends it if it runs, and removes what it had."""
        if (self._data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """Of its database, for Optuna."""
        return f"postgresql+psycopg://tester@127.0.0.1:{self.port}/postgres"

    def database(self, name: str) -> str:
        """The address of a further database, which is made."""
        import psycopg

        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=tester dbname=postgres", autocommit=True) as opened:
            opened.execute(f'CREATE DATABASE "{name}"'.encode())
        return f"postgresql+psycopg://tester@127.0.0.1:{self.port}/{name}"
