"""``ssc-tune ui``: the MLflow UI on loopback."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from ssc_tune import running, tracking
from ssc_tune.commands.arguments import Command, add_study, add_tracking, study_of
from ssc_tune.errors import InputError
from ssc_tune.masking import mask_address


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which study, and where it listens."""
    add_study(parser)
    add_tracking(parser)
    parser.add_argument("--port", type=int, default=5000, metavar="NUMBER", help="port to listen on (default: 5000)")


def run(arguments: argparse.Namespace) -> int:
    """Starts it, prints the addresses of the study's pages, and waits until it ends.

    Raises:
        InputError: the store has no experiment of the study: the UI would make an empty one and show nothing of it.
    """
    study = study_of(arguments)
    uri = tracking.resolve_uri(running.tracking_uri(arguments.tracking_uri), Path.cwd())
    command = tracking.ui_command(uri, port=arguments.port)
    how = "Ctrl-C ends it" if command else "a tracking server has its own UI"
    experiment_id = tracking.find_experiment(uri, study.name)
    if experiment_id is None and command:
        where = f"no MLflow experiment of this study in {mask_address(uri)}, or the store does not answer"
        raise InputError(f"{study.name}: {where}; ssc-tune sync writes it from the records")
    address = tracking.experiment_address(uri, experiment_id, port=arguments.port)
    print(f"MLflow: {address}  experiment {study.name} ({how})")
    if experiment_id is not None:
        print(f"charts: {tracking.charts_address(uri, experiment_id, port=arguments.port)}")
    sys.stdout.flush()
    return subprocess.call(command, env={**os.environ, **tracking.ui_environment(uri)}) if command else 0


COMMAND = Command("ui", "start the MLflow UI on loopback and print its address", add_arguments, run)
