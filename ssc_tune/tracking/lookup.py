"""Whether a store answers, and which experiment of it is a study's: before mlflow is imported, or without it.

``ssc-tune ui`` asks, and a client of MLflow would take 4 s of import and 1 s of opening the database for one row: five
times as long as a query of the table ``experiments`` (1 s) or a request to the documented REST API.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import sqlite3
import urllib.request
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

from ssc_tune.masking import parts_of
from ssc_tune.tracking.uri import is_server, sqlite_path

SECONDS = 3.0
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


def probe(uri: str, seconds: float = 5.0) -> None:
    """Fail at once where a database cannot be reached: MLflow itself would try ten times, for 100 s in all.

    Raises:
        OSError, sqlite3.Error: nothing listens at the database's address, or the SQLite file cannot be opened.
    """
    database = sqlite_path(uri)
    if database is not None:
        database.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(database, timeout=seconds)) as connection:
            connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        return
    parts = urlsplit(parts_of(uri).public)  # a password may hold what would end a host
    port = parts.port or _PORTS.get(parts.scheme.split("+")[0])
    if parts.hostname and port and not is_server(uri):
        socket.create_connection((parts.hostname, port), timeout=seconds).close()


def find_experiment(uri: str, name: str) -> str | None:
    """The id of an active experiment, or None if there is none, or the store does not answer. ``uri`` is resolved."""
    try:
        return _on_server(uri, name) if is_server(uri) else _in_database(uri, name)
    except Exception:  # whatever the store or its driver raises: an address less, and no harm
        return None


def _in_database(uri: str, name: str) -> str | None:
    database = sqlite_path(uri)
    if database is not None and not database.is_file():
        return None
    from sqlalchemy import create_engine, text

    probe(uri, SECONDS)
    query = text("SELECT experiment_id FROM experiments WHERE name = :name AND lifecycle_stage = 'active'")
    engine = create_engine(uri)
    try:
        with engine.connect() as connection:
            found = connection.execute(query, {"name": name}).scalar()
    finally:
        engine.dispose()
    return None if found is None else str(found)


def _on_server(uri: str, name: str) -> str | None:
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    path = f"{parts.path.rstrip('/')}/api/2.0/mlflow/experiments/get-by-name"
    address = urlunsplit((parts.scheme, host, path, urlencode({"experiment_name": name}), ""))
    request = urllib.request.Request(address)
    credentials = _credentials(parts.username, parts.password)
    if credentials:
        request.add_unredirected_header("Authorization", credentials)
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        experiment = json.load(answer)["experiment"]
    return str(experiment["experiment_id"]) if experiment["lifecycle_stage"] == "active" else None


def _credentials(user: str | None, password: str | None) -> str | None:
    """What MLflow's own client would send, from the address or from its environment variables."""
    user = os.environ.get("MLFLOW_TRACKING_USERNAME") if user is None else unquote(user)
    password = os.environ.get("MLFLOW_TRACKING_PASSWORD") if password is None else unquote(password)
    if user and password:
        return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    return f"Bearer {token}" if token else None
