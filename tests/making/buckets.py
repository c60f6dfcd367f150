"""An object store on loopback: a server process with a bucket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple
from urllib.request import Request, urlopen

import pytest
import s3fs

from tests.ports import free_port

KEY, SECRET = "key-of-the-tests", "secret-of-the-tests-58271"


class Server(NamedTuple):
    """A server of the S3 kind."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def environment(self) -> dict[str, str]:
        """By which a process finds it, and may use it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def running() -> Iterator[Server]:
    """A server while the block runs, with nothing in it."""
    port = free_port()
    command = [sys.executable, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield Server(port, process)
    finally:
        process.kill()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)


def make_bucket(name: str) -> None:
    """On the server that the environment names, which asks for no signature."""
    urlopen(Request(f"{os.environ['AWS_ENDPOINT_URL']}/{name}", method="PUT")).close()


@pytest.fixture(scope="module")
def bucket_server() -> Iterator[Server]:
    """A server that the environment of this process names."""
    with running() as server, pytest.MonkeyPatch.context() as changed:
        for name, value in server.environment.items():
            changed.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()  # one that an earlier server was reached by is kept by address
        yield server
        s3fs.S3FileSystem.clear_instance_cache()


class Line:
    """A connection to a server that can be cut, and mended.

    Args:
        port: of the server.
    """

    def __init__(self, port: int) -> None:
        self._server, self.port = port, free_port()
        self._open: list[socket.socket] = []
        self.mend()

    def mend(self) -> None:
        """From now on the server is reached at ``self.port``."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self._open = [listener]
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """From now on nothing answers there, and what was under way breaks off."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._server))
                self._open += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
