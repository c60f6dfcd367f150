"""Whether the nodes of a cluster are alike in what decides results, and see the same storage.

A node imports its own copy of this package, of whatever version, and its own torch. Nothing here imports Ray or torch,
so that a node is asked in a moment.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ssc_tune import __version__
from ssc_tune.data import cache
from ssc_tune.errors import InputError
from ssc_tune.storage import Storage, opened, storage_at
from ssc_tune.training.processor import processor

FOLDER = ".nodes"
"""In the study's folder, while it runs on a cluster: what the driver and each node have written there."""
DRIVER = "driver.json"
_MARKER = f"{FOLDER}/{DRIVER}"
PATIENCE = 10.0
"""Seconds in which a file that one machine has written is seen on another; NFS keeps what it knows of a folder."""
PACKAGES = ("torch", "torchvision", "numpy", "scikit-learn")
"""Packages that decide results."""


class Facts(NamedTuple):
    """What decides results on one machine."""

    host: str
    source: str
    """Hash of the package's files."""
    versions: dict[str, str]
    processor: str


class Driver(NamedTuple):
    """What a node compares itself with."""

    facts: Facts
    folder: str
    """The study's, or its address where the storage is no folder."""
    marker: str
    """What the driver has written there."""
    data: str | None = None
    """The folder that keeps data, where the driver was told one."""


class Found(NamedTuple):
    """What a node has to say of itself."""

    facts: Facts
    problems: list[str]
    answer: str
    """Name of the file that it has written into the folder, and what is in it; empty where it could not."""


@functools.cache
def versions() -> dict[str, str]:
    """Versions of what decides a result."""
    found = {"ssc_tune": __version__, "python": platform.python_version()}
    return found | {package: importlib.metadata.version(package) for package in PACKAGES}


@functools.cache
def source() -> str:
    """16 hexadecimal digits of the SHA-256 of the package's Python files: two checkouts may share a version."""
    package, found = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        found.update(f"{path.relative_to(package).as_posix()} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()[:16]


def facts() -> Facts:
    """Those of this machine."""
    return Facts(socket.gethostname(), source(), versions(), processor())


@contextmanager
def marked(folder: Path) -> Iterator[Driver]:
    """While inside, the study's folder holds what nodes look for, and what they answer."""
    address = f"{opened(folder.parent).reach}/{folder.name}"
    driver = Driver(facts(), address, secrets.token_hex(8), os.environ.get(cache.VARIABLE))
    storage = storage_at(address)
    storage.write(_MARKER, _marker(driver))
    try:
        yield driver
    finally:
        with contextlib.suppress(OSError):
            storage.remove(*storage.list(f"{FOLDER}/"))
        shutil.rmtree(folder / FOLDER, ignore_errors=True)


def _marker(driver: Driver) -> bytes:
    return json.dumps({"marker": driver.marker}).encode()


def look(driver: Driver) -> Found:
    """Called on a node: what differs from the driver, and whether its storage is seen."""
    own = facts()
    problems = list(differences(driver.facts, own))
    try:
        storage = storage_at(driver.folder)
    except InputError as error:  # a package that is missing, for one
        return Found(own, [*problems, f"cannot reach the storage: {error}"], "")
    if (why := _missing(storage, _MARKER, _marker(driver))) is not None:
        problems.append(f"does not see the storage: no file of this run in {driver.folder}{why}")
        return Found(own, problems, "")
    answer = f"{own.host}-{secrets.token_hex(8)}"
    try:
        storage.write(f"{FOLDER}/{answer}", answer.encode())
    except OSError as error:
        problems.append(f"cannot write to the storage: {error}")
        return Found(own, problems, "")
    return Found(own, problems, answer)


def is_answered(driver: Driver, found: Found) -> bool:
    """Called by the driver: whether what a node has written is seen here."""
    name, content = f"{FOLDER}/{found.answer}", found.answer.encode()
    return not found.answer or _missing(storage_at(driver.folder), name, content) is None


def differences(driver: Facts, node: Facts) -> Iterator[str]:
    """What differs in code and versions, a line each: the same cell may have another result there."""
    for name in driver.versions:
        if node.versions.get(name) != driver.versions[name]:
            yield f"has {name} {node.versions.get(name)}, the driver {driver.versions[name]}"
    if node.source != driver.source and node.versions["ssc_tune"] == driver.versions["ssc_tune"]:
        yield f"has other code under the same version of ssc_tune: {node.source}, the driver {driver.source}"


def _missing(storage: Storage, name: str, content: bytes) -> str | None:
    """None once a name has its content; else, when patience is at an end, why not as far as the storage says so."""
    end = time.monotonic() + PATIENCE
    while True:
        why = ""
        try:
            if storage.read(name) == content:
                return None
        except FileNotFoundError:
            pass
        except OSError as error:
            why = f" ({error})"
        if time.monotonic() > end:
            return why
        time.sleep(0.2)
