"""A PostgreSQL server that lives as long as the tests that ask for it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from tests.making.postgresql import Server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[int]:
    """The port of a server on loopback, with a throw-away cluster."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("needs psycopg")
    server = Server()
    try:
        server.start()
        yield server.port
    finally:
        server.remove()


@pytest.fixture
def postgresql_url(postgresql_server: int, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database."""
    import psycopg

    name = f"t{abs(hash(request.node.nodeid))}"
    with psycopg.connect(f"postgresql://tester@127.0.0.1:{postgresql_server}/postgres", autocommit=True) as link:
        link.execute(f"create database {name}")
    return f"postgresql+psycopg://tester@127.0.0.1:{postgresql_server}/{name}"
