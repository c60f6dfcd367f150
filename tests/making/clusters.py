"""Ray nodes on this machine, started by hand as on several: ports and folders of their own, ended by their process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.making.launches import FAULTS, GATE
from tests.making.networks import Network
from tests.ports import free_port

HEALTH = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "5000",
    "RAY_health_check_failure_threshold": "3",
}
"""A node that is lost is noticed within seconds."""


class Node:
    """One node: ``ray start`` and what it has started."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self._log = process, log

    def wait(self, seconds: float = 150) -> None:
        """Waits until the node is part of its cluster."""
        end = time.monotonic() + seconds
        while "Ray runtime started" not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.2)

    @property
    def said(self) -> str:
        """What ``ray start`` has printed."""
        return self._log.read_text()

    def lose(self) -> None:
        """As if the machine were gone: its raylet is killed, and all that it has started."""
        raylets = [p for p in psutil.Process(self.process.pid).children(recursive=True) if p.name() == "raylet"]
        assert raylets, self.said
        for process in [*raylets, *raylets[0].children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def stop(self) -> None:
        """Ends the node, whatever state it is in."""
        if self.process.poll() is None:
            children = psutil.Process(self.process.pid).children(recursive=True)
            os.killpg(self.process.pid, signal.SIGKILL)
            for child in children:
                with suppress(psutil.NoSuchProcess):
                    child.kill()
            psutil.wait_procs(children, timeout=20)
        self.process.wait(timeout=60)


class Cluster:
    """A head and further nodes, with a token that only they and their drivers have."""

    def __init__(self, folder: Path, temporary: Path, *, token: bool = True, faults: str = "") -> None:
        self._folder, self._temporary = folder, temporary
        self._port = free_port()
        self.nodes: list[Node] = []
        (folder / "token").write_text("0123456789abcdef" * 4)
        (folder / "token").chmod(0o600)
        self.environment = {
            "RAY_AUTH_MODE": "token" if token else "disabled",
            "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
            "RAY_TMPDIR": str(temporary),  # where a driver with the address ``auto`` looks for the head
        }
        self._faults = (
            {"SSC_TUNE_FAULTS": faults, "SSC_TUNE_GATE": str(folder / GATE), "PYTHONPATH": str(FAULTS)}
            if faults
            else {}
        )
        self.address = ""

    def start(self, cpus: int = 1, *, at: str = "", within: Network | None = None, **changes: str) -> Node:
        """Starts a node, the first as the head.

        Args:
            cpus: cores that it has.
            at: its address, where Ray is not to choose.
            within: the network that it is in, if not in the machine's.
            changes: of its environment.
        """
        number = len(self.nodes)
        low = 21000 + 200 * number
        where = (
            ["--head", "--include-dashboard=false", f"--port={self._port}"]
            if number == 0
            else [f"--address={self.address}"]
        )
        at = within.inside if within is not None else at
        command = [
            *(within.prefix if within is not None else ()),
            *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats", *where),
            *([f"--node-ip-address={at}"] if at else []),
            *(f"--num-cpus={cpus}", "--num-gpus=0", "--object-store-memory=100000000"),
            *(
                f"--temp-dir={self._temporary / (str(number) if number else 'ray')}",
                f"--min-worker-port={low}",
                f"--max-worker-port={low + 99}",
            ),
        ]
        log = self._folder / f"node{number}.log"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "TUNE_"))},
            **{**HEALTH, **self.environment, **self._faults, "OMP_NUM_THREADS": "1", **changes},
        }
        with open(log, "wb") as file:
            process = subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)
        self.nodes.append(Node(process, log))
        if number == 0:
            self.nodes[0].wait()
            self.address = self._address()
        return self.nodes[-1]

    def _address(self) -> str:
        """Where the head answers: Ray takes the machine's address for the loopback one."""
        (line,) = [line for line in self.nodes[0].said.splitlines() if "Local node IP:" in line]
        return f"{line.split()[-1]}:{self._port}"


@contextmanager
def cluster(folder: Path, *, token: bool = True, faults: str = "") -> Iterator[Cluster]:
    """A cluster without nodes; those that are started are ended."""
    with tempfile.TemporaryDirectory(prefix="nodes-", dir="/tmp", ignore_cleanup_errors=True) as temporary:
        made = Cluster(folder, Path(temporary), token=token, faults=faults)
        try:
            yield made
        finally:
            for node in reversed(made.nodes):
                node.stop()
