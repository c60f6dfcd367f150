"""Where cells run, decided before Ray is imported: on this machine, or on a cluster by its address."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ssc_tune.errors import InputError
from ssc_tune.execution.slots import shortage, slots, this_machine
from ssc_tune.study.model.resources import LOCAL, Resources, checked_address
from ssc_tune.study.model.study import Study

JOB = ("RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_ADDRESS")
"""What ``ray job submit`` sets for the command that it starts; the second alone may be left from anything."""
GROWING = 100
"""Cells that may wait for nodes that a growing cluster has yet to start, where ``max_parallel`` does not say more."""


class Place(NamedTuple):
    """Where cells run."""

    address: str | None = None
    """Of a Ray cluster; none for this machine."""
    grows: bool = False
    """Whether the cluster starts nodes for what waits."""
    insecure: bool = False
    """Whether a cluster without a token is taken."""

    def workers(self, study: Study) -> int | None:
        """Cells at once as far as it is known beforehand: none for a cluster, which is asked when the run starts.

        Raises:
            InputError: this machine does not hold a single cell.
        """
        if self.address is not None:
            return None
        machine = this_machine()
        if (missing := shortage([machine], self.need(study), where=machine.name)) is not None:
            raise InputError(missing)
        return slots([machine], self.need(study))

    def need(self, study: Study) -> Resources:
        """What a cell needs there: a machine's GPUs are of one type."""
        of = study.resources
        return of.model_copy(update={"gpu_type": None}) if self.address is None else of


HERE = Place()
"""This machine."""


def place_of(
    study: Study, address: str | None, *, insecure: bool = False, environment: Mapping[str, str] = os.environ
) -> Place:
    """Where a run's cells go: ``--address``, else the study's ``cluster``, else the Ray job that it is, else here.

    Raises:
        InputError: the address is none.
    """
    try:
        given = None if address is None else checked_address(address)
    except ValueError as error:
        raise InputError(f"--address: {error}") from error
    declared = study.cluster
    if given is None and declared is not None:
        given = declared.address
    if given is None and all(environment.get(name) for name in JOB):
        given = environment[JOB[1]]
    if given is None or given == LOCAL:
        return HERE
    return Place(given, grows=declared is not None and declared.grows, insecure=insecure)


def notes(study: Study) -> list[str]:
    """Whether this machine would hold no cell of the study, where it names no cluster."""
    try:
        place_of(study, None).workers(study)
    except InputError as error:
        return list(error.problems)
    return []


def set_environment(place: Place) -> None:
    """Sets what Ray and Tune read from the environment; Ray's part before Ray is imported."""
    os.environ.update(
        {
            "RAY_CHDIR_TO_TRIAL_DIR": "0",
            "RAY_AIR_NEW_OUTPUT": "0",
            "RAY_USAGE_STATS_ENABLED": "0",
            # Under `uv run` Ray would send the whole working directory, records and data too, to a new environment that
            # each worker makes for itself; workers on this machine use the driver's.
            "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
            # Workers that Ray starts beforehand are never used: those of Tune have environment variables of their own.
            "RAY_prestart_worker_first_driver": "0",
            "RAY_enable_worker_prestart": "0",
            "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
            "TUNE_DISABLE_SIGINT_HANDLER": "1",
            "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
            "TUNE_GLOBAL_CHECKPOINT_S": "600",
            "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
            # Ray's word for a machine that is in no cluster: then it listens on the loopback interface alone.
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0" if place.address is None else "1",
        }
    )
    if place.address is not None and (place.insecure or has_token()):
        # Driver and nodes must agree: one with a token gets no worker from a cluster that asks for none.
        os.environ.setdefault("RAY_AUTH_MODE", "disabled" if place.insecure else "token")


def token_file() -> Path:
    """Where the token lies by which Ray's processes know each other."""
    given = os.environ.get("RAY_AUTH_TOKEN_PATH")
    return Path(given) if given else Path.home() / ".ray" / "auth_token"


def has_token() -> bool:
    """Whether there is a token, in the environment or its file."""
    return bool(os.environ.get("RAY_AUTH_TOKEN")) or token_file().is_file()


def keep_token_private(*, make: bool) -> None:
    """Takes the token's file from the eyes of others, since whoever reads it runs code as its owner.

    Ray would make one that all can read.

    Args:
        make: a token if there is none; it is kept in the environment where the file cannot be written.
    """
    path = token_file()
    with suppress(OSError):
        if path.stat().st_uid == os.getuid():
            path.chmod(0o600)
    if not make or has_token() or os.environ.get("RAY_AUTH_MODE", "token").lower() != "token":
        return
    token = secrets.token_hex(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token)
    except OSError:
        if not has_token():  # otherwise another run was faster
            os.environ["RAY_AUTH_TOKEN"] = token


def host_and_port(place: Place) -> tuple[str, int] | None:
    """Where a cluster's head listens, if the address says so."""
    host, _, port = (place.address or "").rpartition(":")
    return (host.strip("[]"), int(port)) if host else None


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address ``HOST:PORT``."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
