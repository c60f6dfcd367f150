"""An object store on loopback: a server process with a bucket."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

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
    """A server while the block runs."""
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
    """On the server that the environment names."""
    import s3fs

    s3fs.S3FileSystem(use_listings_cache=False).mkdir(name)


@pytest.fixture(scope="module")
def bucket_server() -> Iterator[Server]:
    """A server that the environment of this process names."""
    with running() as server, pytest.MonkeyPatch.context() as changed:
        for name, value in server.environment.items():
            changed.setenv(name, value)
        yield server
