"""The arguments that several commands have, and how they answer."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ssc_tune import commands, records, study
from ssc_tune.data import cache
from ssc_tune.running.options import add_options


def add_study(parser: argparse.ArgumentParser, *, more: str = "") -> None:
    """A study by its file or name, changes to it, and where studies are kept."""
    parser.add_argument("study", type=Path, help=f"study file, or the name of a study in the storage folder{more}")
    add_overrides(parser)
    add_options(parser, "storage", "data_dir")


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """The option that changes values of a study file."""
    parser.add_argument(
        "--set",
        dest="overrides",
        metavar="PATH.TO.KEY=VALUE",
        action="append",
        default=[],
        help="override a value of the study, validated like the file; may be repeated",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option that prints JSON instead of text."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_tracking(parser: argparse.ArgumentParser) -> None:
    """The option that says where the MLflow view is, for commands that cannot do without."""
    parser.add_argument(
        "--tracking-uri", metavar="URI", help="MLflow store; default $MLFLOW_TRACKING_URI or sqlite:///mlflow.db"
    )


def pulled(arguments: argparse.Namespace) -> argparse.Namespace:
    """The arguments, once this machine has what is small of the storage that they name, if it is elsewhere."""
    if "storage" in arguments:
        records.mirrored.pull(arguments.storage)
    return arguments


def study_of(arguments: argparse.Namespace) -> study.Study:
    """The study that the arguments of :func:`add_study` name."""
    cache.use(arguments.data_dir)
    return commands.stored.load(arguments.study, arguments.overrides, arguments.storage)


def answer(arguments: argparse.Namespace, content: Any, lines: Iterable[str]) -> None:
    """Prints content as JSON where :func:`add_json` is asked for, else lines."""
    print(json.dumps(content) if arguments.json else "\n".join(lines))


def warn(lines: Iterable[str]) -> None:
    """Prints lines on standard error."""
    for line in lines:
        print(line, file=sys.stderr)
