"""How to open the MLflow UI on a study's store."""

from __future__ import annotations

import contextlib
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable

from ssc_tune.errors import InputError
from ssc_tune.masking import has_secret, mask_address, parts_of
from ssc_tune.tracking import views
from ssc_tune.tracking.lookup import Experiment
from ssc_tune.tracking.uri import DEFAULT_URI, is_server

DEFAULT_PORT = 5000
LOOPBACK = "127.0.0.1"
WAIT_SECONDS = 0.5
"""Between two questions whether the UI is up."""


def ui_command(uri: str, *, port: int = DEFAULT_PORT) -> list[str]:
    """The command that serves the UI on loopback; run it with :func:`ui_environment` added to the environment.

    Empty for a tracking server, which serves its own UI. A URI with credentials is left out of the command, since
    other users of the machine can read command lines.
    """
    if is_server(uri):
        return []
    store = [] if has_secret(uri) else ["--backend-store-uri", uri]
    server = ["--host", LOOPBACK, "--port", str(port), "--workers", "1"]
    return [sys.executable, "-m", "mlflow", "ui", *store, *server]


def ui_environment(uri: str) -> dict[str, str]:
    """Environment variables that :func:`ui_command` needs: no telemetry, and the URI if it holds credentials."""
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    return {**quiet, "MLFLOW_BACKEND_STORE_URI": uri} if has_secret(uri) and not is_server(uri) else quiet


def experiment_address(uri: str, found: Experiment | None = None, *, port: int = DEFAULT_PORT) -> str:
    """Where a browser finds the study's overview; all its runs where none is prepared; the list where nothing is known.

    An experiment that an earlier version of this package wrote has no overview until it is written again.
    """
    if found is None:
        return f"{_root(uri, port)}/#/experiments"
    page = views.page(found.id, views.OVERVIEW) if views.OVERVIEW in found.views else views.runs_page(found.id)
    return f"{_root(uri, port)}/#/{page}"


def runs_address(uri: str, found: Experiment, *, port: int = DEFAULT_PORT) -> str:
    """Where a browser finds all runs of the study: nested and newest first."""
    return f"{_root(uri, port)}/#/{views.runs_page(found.id)}"


def charts_address(uri: str, found: Experiment, *, port: int = DEFAULT_PORT) -> str:
    """Where a browser finds the study's prepared charts."""
    return f"{_root(uri, port)}/#/{views.page(found.id, views.BLOCK, drawn=True)}"


def _root(uri: str, port: int) -> str:
    return mask_address(parts_of(uri).public).rstrip("/") if is_server(uri) else f"http://{LOOPBACK}:{port}"


def ui_hint(uri: str, study: str, *, storage: str = "runs") -> str:
    """The line that tells a user how to look at a study's runs: the command that prints their addresses.

    Never holds credentials; an address with some is left to the environment, where MLflow looks for it.
    """
    place = "" if storage == "runs" else f" --storage {shlex.quote(storage)}"
    if has_secret(uri):
        return f"MLflow: MLFLOW_TRACKING_URI=<{mask_address(uri)}> ssc-tune ui {study}{place}"
    store = "" if uri == DEFAULT_URI else f" --tracking-uri {shlex.quote(uri)}"
    return f"MLflow: ssc-tune ui {study}{place}{store}"


def check_port(port: int) -> None:
    """That the UI can listen there.

    Raises:
        InputError: it is no port, or something else listens at it: the UI would end with pages of its log.
    """
    if not 1 <= port <= 65535:
        raise InputError(f"--port {port}: allowed: 1 to 65535")
    with contextlib.closing(socket.socket()) as asked:
        if asked.connect_ex((LOOPBACK, port)) == 0:
            raise InputError(f"--port {port}: something else listens there; name another")


def serve(command: list[str], uri: str, *, port: int, when_up: Callable[[], None]) -> int:
    """Runs :func:`ui_command` until it ends; returns its exit code. ``when_up`` is called once, when it answers."""
    ended = threading.Event()
    threading.Thread(target=_wait, args=(port, ended, when_up), name="mlflow-ui", daemon=True).start()
    try:
        return until_its_end(command, {**os.environ, **ui_environment(uri)})
    finally:
        ended.set()


def until_its_end(command: list[str], environment: dict[str, str]) -> int:
    """Runs a command; SIGTERM to this process ends it too. Returns its exit code. For the main thread."""
    process = subprocess.Popen(command, env=environment)
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        return process.wait()
    except BaseException:  # Ctrl-C, which the command has got as well
        process.terminate()
        process.wait()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _wait(port: int, ended: threading.Event, when_up: Callable[[], None]) -> None:
    while not ended.wait(WAIT_SECONDS):
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/health")
            if connection.getresponse().status == 200 and not ended.is_set():
                when_up()
                return
