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
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

from ssc_tune.masking import mask, parts_of
from ssc_tune.tracking.uri import is_server, sqlite_path

SECONDS = 3.0
VIEW_TAG = "mlflow.sharedViewState."
"""What the name of an experiment tag begins with that holds a view of MLflow's UI; its key follows."""
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


class Experiment(NamedTuple):
    """An active experiment: its id in the store, and the keys of the views that are prepared in it."""

    id: str
    views: frozenset[str] = frozenset()


class NoAnswer(Exception):
    """The store cannot be asked; the text says why, without credentials."""


class NotAllowed(NoAnswer):
    """The server wants to know who asks, and does not take what it was told; a browser may sign in all the same."""


def find_experiment(uri: str, name: str) -> Experiment | None:
    """The active experiment of that name, None if the store has none. ``uri`` is resolved.

    Raises:
        NoAnswer: the store cannot be reached, or is none of MLflow's.
    """
    try:
        return _on_server(uri, name) if is_server(uri) else _in_database(uri, name)
    except NoAnswer:
        raise
    except urllib.error.URLError as error:
        raise NoAnswer(mask(f"does not answer: {error.reason}", uri)) from error
    except Exception as error:  # whatever the store or its driver raises
        text = str(getattr(error, "orig", None) or error) or type(error).__name__  # SQLAlchemy adds advice to its own
        raise NoAnswer(mask(f"cannot be read: {' '.join(text.split())}", uri)) from error


def _in_database(uri: str, name: str) -> Experiment | None:
    database = sqlite_path(uri)
    if database is not None and not database.is_file():
        return None
    probe(uri, SECONDS)
    with connected(uri) as (run, tables):
        chosen = "SELECT experiment_id FROM experiments WHERE name = :name AND lifecycle_stage = 'active'"
        found = run(chosen, name=name).scalar() if "experiments" in tables else None
        if found is None:
            return None
        tags = "SELECT key FROM experiment_tags WHERE experiment_id = :id"
        names = run(tags, id=found).scalars() if "experiment_tags" in tables else ()
        return Experiment(str(found), _views(names))


@contextlib.contextmanager
def connected(uri: str) -> Iterator[tuple[Callable[..., Any], list[str]]]:
    """A database: what runs a statement with its values, all in one transaction, and the names of the tables."""
    from sqlalchemy import create_engine, inspect, text

    engine = create_engine(uri)
    try:
        with engine.begin() as connection:
            tables = inspect(connection).get_table_names()
            yield lambda statement, **values: connection.execute(text(statement), values), tables
    finally:
        engine.dispose()


def _views(tags: Iterable[str]) -> frozenset[str]:
    return frozenset(name.removeprefix(VIEW_TAG) for name in tags if name.startswith(VIEW_TAG))


def _on_server(uri: str, name: str) -> Experiment | None:
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        raise NoAnswer("has an address that only its own tools know; open the experiment there")
    host = parts.netloc.rpartition("@")[2]
    path = f"{parts.path.rstrip('/')}/api/2.0/mlflow/experiments/get-by-name"
    address = urlunsplit((parts.scheme, host, path, urlencode({"experiment_name": name}), ""))
    request = urllib.request.Request(address)
    credentials = _credentials(parts.username, parts.password)
    if credentials:
        request.add_unredirected_header("Authorization", credentials)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            if urlsplit(answer.url).path != path:
                raise NotAllowed("leads to another page first")
            text = answer.read()
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            raise NotAllowed(f"does not take the name and password that it was told (HTTP {error.code})") from error
        text = error.read()
        if _said(text).get("error_code") != "RESOURCE_DOES_NOT_EXIST":
            raise NoAnswer(f"does not answer as MLflow does: HTTP {error.code}") from error
        return None
    experiment = _said(text).get("experiment")
    if experiment is None:
        raise NoAnswer("does not answer as MLflow does")
    if experiment["lifecycle_stage"] != "active":
        return None
    return Experiment(str(experiment["experiment_id"]), _views(tag["key"] for tag in experiment.get("tags", ())))


def _said(text: bytes) -> dict[str, Any]:
    """An answer in JSON; empty if it is none."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _credentials(user: str | None, password: str | None) -> str | None:
    """What MLflow's own client would send, from the address or from its environment variables."""
    user = os.environ.get("MLFLOW_TRACKING_USERNAME") if user is None else unquote(user)
    password = os.environ.get("MLFLOW_TRACKING_PASSWORD") if password is None else unquote(password)
    if user and password:
        return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    return f"Bearer {token}" if token else None
