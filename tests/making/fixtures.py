"""Fixtures of several folders: where a command is run, the command, how long cells take, and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.making import postgresql
from tests.making.fewer import fewer_bootstraps, measure_here
from tests.making.files import ONE_BLOCK, Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A study's file in the folder that a command is run in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    fewer_bootstraps(monkeypatch, 50)  # the commands are tested, not the statistics
    return Bench(tmp_path)


@pytest.fixture
def one_block(bench: Bench) -> Bench:
    """The same place with a study of one block, of which a report is written sooner."""
    return Bench(bench.file.parent, ONE_BLOCK)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Exit code, standard output and standard error of a command."""
    from ssc_tune.cli import main

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def measured_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a dry run measures is measured in this process."""
    measure_here(monkeypatch)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[int]:
    """The port of a server on loopback, with a throw-away cluster."""
    with postgresql.running() as server:
        yield server.port
