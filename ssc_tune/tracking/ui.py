"""How to open the MLflow UI on a study's store."""

from __future__ import annotations

import shlex
import sys

from ssc_tune.masking import has_secret, mask_address, parts_of
from ssc_tune.tracking import charts
from ssc_tune.tracking.uri import DEFAULT_URI, is_server

DEFAULT_PORT = 5000


def ui_command(uri: str, *, port: int = DEFAULT_PORT) -> list[str]:
    """The command that serves the UI on loopback; run it with :func:`ui_environment` added to the environment.

    Empty for a tracking server, which serves its own UI. A URI with credentials is left out of the command, since
    other users of the machine can read command lines.
    """
    if is_server(uri):
        return []
    store = [] if has_secret(uri) else ["--backend-store-uri", uri]
    server = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return [sys.executable, "-m", "mlflow", "ui", *store, *server]


def ui_environment(uri: str) -> dict[str, str]:
    """Environment variables that :func:`ui_command` needs: no telemetry, and the URI if it holds credentials."""
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    return {**quiet, "MLFLOW_BACKEND_STORE_URI": uri} if has_secret(uri) and not is_server(uri) else quiet


def experiment_address(uri: str, experiment_id: str | None = None, *, port: int = DEFAULT_PORT) -> str:
    """Where a browser finds the study's runs: nested and newest first; the experiment list if no id is known."""
    if experiment_id is None:
        return f"{_root(uri, port)}/#/experiments"
    # Runs are nested only when they are sorted by creation; a browser may remember another order.
    return f"{_root(uri, port)}/#/experiments/{experiment_id}/runs?orderByKey=attributes.start_time&orderByAsc=false"


def charts_address(uri: str, experiment_id: str, *, port: int = DEFAULT_PORT) -> str:
    """Where a browser finds the study's prepared charts."""
    return f"{_root(uri, port)}/#/{charts.page(experiment_id)}"


def _root(uri: str, port: int) -> str:
    return mask_address(parts_of(uri).public).rstrip("/") if is_server(uri) else f"http://127.0.0.1:{port}"


def ui_hint(uri: str, study: str, *, storage: str = "runs") -> str:
    """The line that tells a user how to look at a study's runs: the command that prints their addresses.

    Never holds credentials; an address with some is left to the environment, where MLflow looks for it.
    """
    place = "" if storage == "runs" else f" --storage {shlex.quote(storage)}"
    if has_secret(uri):
        return f"MLflow: MLFLOW_TRACKING_URI=<{mask_address(uri)}> ssc-tune ui {study}{place}"
    store = "" if uri == DEFAULT_URI else f" --tracking-uri {shlex.quote(uri)}"
    return f"MLflow: ssc-tune ui {study}{place}{store}"
