"""A PostgreSQL server that lives as long as the tests that ask for it."""

from __future__ import annotations

import pytest

from tests.making.fixtures import postgresql_server as postgresql_server


@pytest.fixture
def postgresql_url(postgresql_server: int, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database."""
    import psycopg

    name = f"t{abs(hash(request.node.nodeid))}"
    with psycopg.connect(f"postgresql://tester@127.0.0.1:{postgresql_server}/postgres", autocommit=True) as link:
        link.execute(f"create database {name}")
    return f"postgresql+psycopg://tester@127.0.0.1:{postgresql_server}/{name}"
