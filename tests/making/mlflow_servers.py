"""An MLflow server on loopback, ended by its process, and a proxy before it that lets every answer wait."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError

import mlflow
import psutil

from tests.ports import free_port


@contextmanager
def mlflow_server(folder: Path, store: str, seconds: float = 240) -> Iterator[str]:
    """The address of a server that answers, over a database; its log and artifacts lie in the folder."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", store, "--artifacts-destination", str(folder / "artifacts")]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # its consumers take a while to start
    log = folder / "mlflow-server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        end = time.monotonic() + seconds
        while not _answers(f"http://127.0.0.1:{port}/health"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.3)
        yield f"http://127.0.0.1:{port}"
    finally:
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        for left in psutil.wait_procs(children, timeout=20)[1]:
            left.kill()
        process.wait(timeout=60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


_OF_ONE_HOP = ("host", "connection", "content-length", "transfer-encoding")


class SlowProxy:
    """Passes every request on to a server and gives its answer back after a while.

    Args:
        target: address of the server, ``http://HOST:PORT``.
        seconds: that each answer waits.

    Attributes:
        url: its own address.
        answered: requests that it has answered.
    """

    def __init__(self, target: str, seconds: float) -> None:
        proxy, self.answered, self._lock = self, 0, threading.Lock()
        host = target.removeprefix("http://")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

            def _pass_on(self) -> None:
                body = self._body()
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_HOP}
                connection = http.client.HTTPConnection(host, timeout=60)
                connection.request(self.command, self.path, body, {**headers, "Host": host, "Connection": "close"})
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                time.sleep(seconds)
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in _OF_ONE_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                with proxy._lock:
                    proxy.answered += 1

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass_on

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing is logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> SlowProxy:
        threading.Thread(target=self._server.serve_forever, name="slow proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def cells_in(uri: str, study: str) -> Counter[str]:
    """How often each cell of a study stands in a store, ended as a cell that went well does."""
    return Counter(
        run.data.tags["ssc.cell_id"]
        for run in runs_in(uri, study)
        if run.data.tags.get("ssc.role") == "cell" and run.info.status == "FINISHED"
    )


def runs_in(uri: str, study: str) -> list[Any]:
    """All runs of a study in a store."""
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(study)
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))
