"""What a run is told beside its study: each option once, for the command line and for Python."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from ssc_tune import records, study, tracking
from ssc_tune import storage as storages
from ssc_tune.errors import InputError, of_machine
from ssc_tune.masking import has_secret, is_masked, mask_address, mask_arguments

RUNS = Path("runs")
VARIABLES = {"--tracking-uri": "MLFLOW_TRACKING_URI", "--optuna-storage": "SSC_TUNE_OPTUNA_STORAGE"}
"""Variables of the environment that give addresses where the option does not."""


def option(default: Any, text: str, *, metavar: str | None = None) -> Any:
    """An option of a run: its default and what it does, as ``--help`` and the documentation of ``run_study`` say it."""
    return field(default=default, metadata={"help": text, "metavar": metavar})


@dataclass(frozen=True)
class Options:
    """What a run is told beside its study. Fields made by :func:`option` are options of the command line as well."""

    storage: Path = option(
        RUNS,
        "where the records are: a folder (default: runs), or s3://BUCKET/... or gs://BUCKET/... in an object store",
        metavar="DIR",
    )
    tracking_uri: str | None = option(
        None,
        "MLflow store or server; default $MLFLOW_TRACKING_URI or sqlite:///mlflow.db; 'none' for no tracking",
        metavar="URI",
    )
    optuna_storage: str | None = option(
        None,
        "where the points are kept: a database URL or a journal FILE.log; "
        "default $SSC_TUNE_OPTUNA_STORAGE or optuna.db in the study's folder",
        metavar="URL",
    )
    log_models: Literal["none", "best", "all"] = option(
        "best", "cells whose weights become MLflow models: the best of each method on validation (default), or all"
    )
    keep_checkpoints: Literal["none", "best", "all"] = option(
        "best",
        "checkpoints that stay once their cells have ended: of the best cell of each method in each block and setting "
        "(default), none or all; all stay until --log-models has what it needs",
    )
    system_metrics: bool = option(
        False,
        "let MLflow sample this machine (CPU, memory, disk, network, GPUs) into the study's run; needs psutil",
    )
    data_dir: Path | None = option(
        None,
        "folder that keeps data sets; default $SSC_TUNE_DATA or ssc_tune/data in the user's cache folder",
        metavar="DIR",
    )
    address: str | None = option(
        None,
        "Ray cluster that trains the cells: auto, the one that this machine is a node of, or HOST:PORT of its head; "
        "default the study's cluster, else the one of the Ray job that this is, else local, this machine",
        metavar="ADDRESS",
    )
    insecure_cluster: bool = option(False, "take a cluster that asks for no token, on which anyone may run code")
    retry_failed: bool = option(False, "run cells again that were recorded as failed")
    yes: bool = option(False, "go on where records of the study's last run would no longer be used")
    command: str = ""
    """The command as it would be typed again."""
    blind: bool = False
    """Trains and records, and shows no result: no verdict, report or MLflow view, cells as a total."""


def declared() -> dict[str, Field[Any]]:
    """The options that a user can give, by name."""
    return {one.name: one for one in fields(Options) if "help" in one.metadata}


def add_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """Adds options of a run to a command, all of them where none is named."""
    hints = get_type_hints(Options)
    for name, one in declared().items():
        if names and name not in names:
            continue
        more: dict[str, Any] = {"type": Path} if Path in (hints[name], *get_args(hints[name])) else {}
        if name == "storage":
            more = {"type": given_storage}
        if hints[name] is bool:
            more = {"action": "store_true"}
        else:
            more |= {"default": one.default, "metavar": one.metadata["metavar"]}
        if isinstance(one.default, str) and get_args(hints[name]):
            more["choices"] = get_args(hints[name])
        parser.add_argument(f"--{name.replace('_', '-')}", help=one.metadata["help"], **more)


def given_storage(given: str) -> Path:
    """The folder that a storage is worked with in, for a command line: argparse keeps what is wrong to itself, else."""
    try:
        return storages.place(given)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error).removeprefix("--storage ")) from None


def options_from(given: Mapping[str, Any], *, command: str) -> Options:
    """The options among ``given``, by name.

    Raises:
        TypeError: a value is not one of those allowed.
        InputError: an address has lost its password; see :func:`tracking_uri`.
    """
    hints = get_type_hints(Options)
    values = {name: given[name] for name in declared() if name in given}
    for name, value in values.items():
        allowed = get_args(hints[name])
        if str in map(type, allowed) and value not in allowed:
            raise TypeError(f"{name}: {value!r} is not known; allowed: {', '.join(allowed)}")
    tracking_uri(values.get("tracking_uri")), optuna_storage(values.get("optuna_storage"))
    return Options(**{**values, "storage": storages.place(values.get("storage", Options.storage))}, command=command)


def folder_of(of: study.Study, options: Options) -> records.StudyFolder:
    """The study's folder under the storage path."""
    return records.StudyFolder(options.storage, of.name)


def check_storage(storage: Path) -> None:
    """That what is there of a storage folder is a folder that can be read.

    Raises:
        InputError: it is something else, or cannot be read.
    """
    if storage.exists() and not storage.is_dir():
        raise InputError(f"--storage {storage}: is no folder; name another, or move the file away")
    if storage.exists() and not os.access(storage, os.R_OK | os.X_OK):
        raise InputError(f"--storage {storage}: cannot be read; name another, or change its permissions")


def make_storage(folder: records.StudyFolder) -> None:
    """Makes a study's folder and writes a file there, for nothing that is trained must be lost for want of a place.

    Raises:
        InputError: it cannot be made or written to.
    """
    check_storage(folder.storage)
    try:
        folder.files.write(f"{folder.study}/.writable", b"")
        folder.files.remove(f"{folder.study}/.writable")
    except OSError as error:
        why = of_machine(error) or error
        raise InputError(f"--storage {folder.files.address}: cannot be written to: {why}") from error


def tracking_uri(given: str | None) -> str:
    """The MLflow store: as given, else ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``.

    Raises:
        InputError: it comes from a kept command, without its password, and the environment has not the whole address.
    """
    return _address(given, "--tracking-uri") or tracking.DEFAULT_URI


def optuna_storage(given: str | None) -> str | None:
    """Where the points are kept: as given, else ``SSC_TUNE_OPTUNA_STORAGE``, else None.

    Raises:
        InputError: as of :func:`tracking_uri`.
    """
    return _address(given, "--optuna-storage")


def _address(given: str | None, option: str) -> str | None:
    kept = os.environ.get(VARIABLES[option]) or None
    if given is None or not is_masked(given):
        return given or kept
    if kept is None or mask_address(kept) != given:
        raise InputError(
            f"{option} {given!r}: its password was left out of the command that was kept; allowed: the whole address, "
            f"or this one with the whole address in ${VARIABLES[option]}"
        )
    return kept


def cautions(options: Options) -> list[str]:
    """A line for each address whose password other users of this machine can read in its list of processes."""
    given = {"--tracking-uri": options.tracking_uri, "--optuna-storage": options.optuna_storage}
    return [
        f"{option}: every user of this machine can read its password in ps; not so in ${VARIABLES[option]}"
        for option, address in given.items()
        if address is not None and has_secret(address) and not is_masked(address)
    ]


def hints_of(of: study.Study, options: Options) -> list[str]:
    """How to look at the study's runs; nothing where they are not tracked."""
    if options.tracking_uri == "none":
        return []
    storage = storages.named(options.storage)
    return [tracking.ui_hint(tracking_uri(options.tracking_uri), of.name, storage=storage)]


def default_command(arguments: Sequence[str] | None = None) -> str:
    """The command as it would be typed again; ``***`` stands for passwords, which :func:`tracking_uri` looks up."""
    given = mask_arguments(arguments if arguments is not None else sys.argv[1:])
    return "python -m ssc_tune.run " + shlex.join(given)
