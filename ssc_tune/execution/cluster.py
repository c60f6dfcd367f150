"""Ray while a study runs: one of its own on this machine, or a connection to a cluster whose nodes are looked at first.

Like ``tuning`` this module imports ray at its top and is imported on first use, after the environment is set.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import ray
from ray._private import ray_constants
from ray.exceptions import AuthenticationError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ssc_tune.errors import InputError
from ssc_tune.execution import place as places
from ssc_tune.execution import preflight
from ssc_tune.execution.listening import Screen
from ssc_tune.execution.place import GROWING, Place
from ssc_tune.execution.slots import asked, cpus_for, nodes_of, shortage, slots, this_machine
from ssc_tune.execution.start import let_go, ray_started
from ssc_tune.records import StudyFolder
from ssc_tune.recurring import repeat
from ssc_tune.study.model.study import Study

CELL = "ssc_tune_cell"
"""A resource of which this machine has one for each cell that it is to hold, so that it holds no more."""
EVERY = 3.0
"""Seconds between two looks at which nodes there are."""
ANSWER = 120.0
"""Seconds that a node may take to start a process and answer."""
CONNECT = 10.0
"""Seconds in which the head of a cluster takes a connection."""
_QUIET: dict[str, Any] = {"log_to_driver": False, "configure_logging": True, "logging_level": logging.ERROR}


class Room(NamedTuple):
    """Where cells run, as the parts of a launch need to know it."""

    workers: Callable[[], int]
    """Cells held at once, now."""
    asked: Mapping[str, float]
    """What Ray is asked for each."""
    grows: bool = False
    limit: int | None = None
    """Cells at once that Tune is to keep to; none where the room itself keeps to it."""
    driver: preflight.Driver | None = None
    """What workers compare themselves with; none on this machine."""

    def pending(self) -> int:
        """Cells that may wait for a worker: those beyond what is there are what a growing cluster starts nodes for."""
        return max(self.workers() + 1, (self.limit or GROWING) if self.grows else 0)


@contextmanager
def started(
    study: Study, folder: StudyFolder, place: Place, *, stop: threading.Event, screen: Screen
) -> Iterator[Room]:
    """Ray for a study's cells.

    Raises:
        InputError: there is no room for a cell, no such cluster, or one of its nodes is not as the driver's.
    """
    # As the environment says, for a process that has imported ray before; driver and nodes agree on addresses by it.
    ray_constants.ENABLE_RAY_CLUSTER = place.address is not None
    with _here(study, place, screen) if place.address is None else _there(study, folder, place, stop, screen) as room:
        yield room


@contextmanager
def _here(study: Study, place: Place, screen: Screen) -> Iterator[Room]:
    workers, need = place.workers(study) or 1, place.need(study)
    places.keep_token_private(make=True)
    with ray_started(
        address="local",
        num_cpus=cpus_for(workers, need),
        num_gpus=int(this_machine().gpus) if need.gpus else 0,
        resources={CELL: workers},
        include_dashboard=False,
        object_store_memory=100_000_000,
        **_QUIET,
    ):
        screen.hold(workers)
        yield Room(lambda: workers, {**asked(need), CELL: 1})


@contextmanager
def _there(study: Study, folder: StudyFolder, place: Place, stop: threading.Event, screen: Screen) -> Iterator[Room]:
    need = place.need(study)
    places.keep_token_private(make=False)
    _connect(place)
    try:
        if not place.insecure:
            _refuse_open(ray.get_runtime_context().gcs_address)
        with preflight.marked(folder.path) as driver, _Nodes(driver, stop, screen) as nodes:
            missing = None if place.grows else shortage(nodes_of(nodes.alive), need, where="the cluster")
            if missing is not None:
                raise InputError(missing)
            types = sorted(set().union(*(node.gpu_types for node in nodes_of(nodes.alive))))
            if need.gpus and need.gpu_type is None and len(types) > 1:
                screen.tell(f"the cluster has GPUs of several types ({', '.join(types)}): resources.gpu_type takes one")

            def workers() -> int:
                return slots(nodes_of(nodes.alive), need)

            nodes.changed = lambda: screen.hold(workers())
            nodes.changed()
            yield Room(workers, asked(need), place.grows, need.max_parallel, driver)
        if nodes.refused:
            raise InputError(nodes.refused)
    finally:
        let_go()


def _connect(place: Place) -> None:
    try:
        if (found := places.host_and_port(place)) is not None:
            socket.create_connection(found, timeout=CONNECT).close()  # Ray would try for minutes
        ray.init(address=place.address, **_QUIET)
    except (OSError, RuntimeError, ValueError, AssertionError, AuthenticationError) as error:
        told = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"address {place.address}: {told}; is there a cluster, is this machine a node of it (`ray start`),"
            f" and has it the cluster's token ({places.token_file()})?"
        ) from error


def _refuse_open(address: str) -> None:
    """Asks the cluster's head, without a token, whether it is well: it should not answer that."""
    if places.is_loopback(address):
        return
    asked_without = subprocess.run(
        [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address],
        env={**os.environ, "RAY_AUTH_MODE": "disabled"},
        capture_output=True,
        check=False,
    )
    if asked_without.returncode == 0:
        raise InputError(
            f"the cluster at {address} asks for no token: whoever reaches it runs code on its nodes. Start it with "
            "RAY_AUTH_MODE=token and a token (`ray get-auth-token --generate`), or give --insecure-cluster"
        )


class _Nodes:
    """The nodes of a cluster, each looked at before or as soon as cells may come to it; a context."""

    def __init__(self, driver: preflight.Driver, stop: threading.Event, screen: Screen) -> None:
        self._driver, self._stop, self._screen = driver, stop, screen
        self._seen: set[str] = set()
        self._ended = threading.Event()
        watch = (self._ended, EVERY, self._watch)
        self._thread = threading.Thread(target=repeat, args=watch, name="nodes", daemon=True)
        self.alive: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.changed: Callable[[], None] = lambda: None

    def __enter__(self) -> _Nodes:
        self._look()
        if self.refused:
            raise InputError(self.refused)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=EVERY)  # a node that is only starting is not waited for

    def _watch(self) -> bool:
        self._look()
        if self.refused:
            self._stop.set()
        return bool(self.refused)

    def _look(self) -> None:
        before = {node["NodeID"] for node in self.alive}
        self.alive = _alive()
        new = [node for node in self.alive if node["NodeID"] not in self._seen]
        asked_of = [(node, on_node(node["NodeID"], preflight.look, self._driver)) for node in new]
        for node, answer in asked_of:
            self._seen.add(node["NodeID"])
            self._hear(node, answer)
        if {node["NodeID"] for node in self.alive} != before:
            self.changed()

    def _hear(self, node: dict[str, Any], answer: Any) -> None:
        name = f"node {node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
        try:
            found: preflight.Found = ray.get(answer, timeout=ANSWER)
        except Exception as error:
            if any(other["NodeID"] == node["NodeID"] for other in _alive()):  # one that is lost is not refused
                last = (str(error).strip().splitlines() or [""])[-1]
                self.refused.append(f"{name} cannot be asked: {type(error).__name__}: {last}")
            return
        self.refused += [f"{name} {problem}" for problem in found.problems]
        if not preflight.is_answered(self._driver, found):
            self.refused.append(f"{name} writes to a storage of its own: no file of it in {self._driver.folder}")
        if found.facts.processor != self._driver.facts.processor:
            here, there = self._driver.facts.processor, found.facts.processor
            self._screen.tell(f"{name} has another processor ({there}, not {here}): results may differ in rounding")


def _alive() -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]


def on_node(node: str, function: Callable[..., Any], *given: Any) -> Any:
    """Calls a function once on a node, by Ray's name for it, beside what runs there; what ``ray.get`` waits for."""
    where = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(function).options(num_cpus=0, max_retries=0, scheduling_strategy=where).remote(*given)
