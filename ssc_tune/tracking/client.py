"""Opening a store: quietly, without waiting long for a server, and one process at a time on first use."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from ssc_tune.late import Late
from ssc_tune.masking import mask
from ssc_tune.storage.lines import never_a_link, refuse_link
from ssc_tune.tracking.lookup import probe
from ssc_tune.tracking.uri import is_server, sqlite_path

if TYPE_CHECKING:
    import mlflow as mlflow
else:  # its import takes seconds, and must come after the variables of open_client are set
    mlflow = Late("mlflow")

LOG_NAME = "tracking.log"
LOCK_SECONDS = 120.0

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # the default of 7 blocks for minutes when a server is down
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_UV_AUTO_DETECT": "false",  # else a model takes requirements and lock file of the working directory
    "MLFLOW_LOG_UV_FILES": "false",
}
_CHATTY = ("mlflow", "alembic", "sqlalchemy.engine", "sqlalchemy.pool", "urllib3.connectionpool", "huey")


class _Masked(logging.Formatter):
    def __init__(self, uri: str) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._uri = uri

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record), self._uri)


class _Log(logging.FileHandler):
    """A log that is written to where it lies, and to no other place."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=never_a_link)


def _quiet(directory: Path, uri: str) -> None:
    """Send what MLflow and the libraries below it log to ``directory/tracking.log`` and nowhere else."""
    directory.mkdir(parents=True, exist_ok=True)
    refuse_link(directory / LOG_NAME)
    handler = _Log(directory / LOG_NAME, mode="a", encoding="utf-8", delay=True)
    handler.setFormatter(_Masked(uri))
    for name in _CHATTY:
        logger = logging.getLogger(name)
        for old in list(logger.handlers):
            logger.removeHandler(old)
            if isinstance(old, logging.FileHandler):
                old.close()
        logger.addHandler(handler)
        logger.setLevel(logging.WARNING)
        logger.propagate = False


@contextlib.contextmanager
def first_use_lock(uri: str, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock that keeps two processes from creating the same database's tables at once.

    The lock file lies beside an SQLite file, and in the temporary folder for other databases, where it guards against
    processes of the same machine only. A server creates its own tables, so nothing is locked for it.

    Raises:
        TimeoutError: another process held it for ``seconds``.
    """
    if is_server(uri):
        yield
        return
    database = sqlite_path(uri)
    if database is not None:
        database.parent.mkdir(parents=True, exist_ok=True)
        path = database.with_name(f"{database.name}.lock")
    else:
        path = Path(tempfile.gettempdir()) / f"ssc_tune-{sha256(uri.encode()).hexdigest()[:12]}.lock"
    try:
        held = filelock.FileLock(path).acquire(timeout=seconds)
    except filelock.Timeout:
        raise TimeoutError(f"{path} was held by another process for {seconds:.0f} s") from None
    with held:
        yield


def open_client(uri: str, directory: Path) -> mlflow.MlflowClient:
    """A client of the store that has answered once. ``uri`` is resolved; MLflow's log goes to ``directory``.

    Variables that the user has set (``MLFLOW_HTTP_REQUEST_TIMEOUT``, ...) are respected.

    Raises:
        Exception: whatever MLflow raises when the store cannot be reached or its tables cannot be made.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    make = mlflow.MlflowClient  # mlflow is imported here, and sets its loggers up; only then can they be made quiet
    _quiet(directory, uri)
    probe(uri)
    with first_use_lock(uri):
        client = make(tracking_uri=uri)
        client.search_experiments(max_results=1)
    return client


def artifact_location(uri: str, directory: Path, experiment: str) -> str | None:
    """Where the artifacts of a new experiment go: beside the SQLite file, into ``directory`` for other databases.

    ``None`` lets a tracking server decide. MLflow's own default is a folder relative to the working directory, which
    is lost as soon as a command is run from elsewhere.
    """
    if is_server(uri):
        return None
    database = sqlite_path(uri)
    folder = database.parent if database is not None else directory
    return (folder / "mlartifacts" / experiment).resolve().as_uri()
