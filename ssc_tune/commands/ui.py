"""``ssc-tune ui``: the MLflow UI on loopback."""

from __future__ import annotations

import argparse
import sys

from ssc_tune import running, tracking
from ssc_tune.commands.arguments import add_study, add_tracking, study_of
from ssc_tune.errors import InputError
from ssc_tune.masking import mask_address

HELP = "start the MLflow UI on loopback and print its address"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which study, and where it listens."""
    add_study(parser)
    add_tracking(parser)
    parser.add_argument("--port", type=int, default=5000, metavar="NUMBER", help="port to listen on (default: 5000)")


def run(arguments: argparse.Namespace) -> int:
    """Starts it, prints the addresses of the study's pages, its overview again when it is up, and waits until it ends.

    Raises:
        InputError: the store has no experiment of the study, or does not answer: the UI would show nothing of it; or
            the port is taken.
    """
    study = study_of(arguments)
    uri = tracking.resolve_uri(running.tracking_uri(arguments.tracking_uri))
    found = _experiment(uri, study.name)
    address = tracking.experiment_address(uri, found, port=arguments.port)
    command = tracking.ui_command(uri, port=arguments.port)
    if command:
        tracking.check_port(arguments.port)
    how = "Ctrl-C ends it" if command else "a tracking server has its own UI"
    print(f"MLflow: {address}  experiment {study.name} ({how})")
    if found is not None:
        print(f"runs:   {tracking.runs_address(uri, found, port=arguments.port)}")
    if found is not None and tracking.views.BLOCK in found.views:
        print(f"charts: {tracking.charts_address(uri, found, port=arguments.port)}")
    sys.stdout.flush()

    def when_up() -> None:
        print(f"MLflow is up: {address}", flush=True)

    return tracking.serve(command, uri, port=arguments.port, when_up=when_up) if command else 0


def _experiment(uri: str, name: str) -> tracking.Experiment | None:
    """The study's; None, and a line that says why, where a server does not tell whether there is one."""
    where = mask_address(uri)
    try:
        found = tracking.find_experiment(uri, name)
    except tracking.NotAllowed as error:
        print(f"{where} {error}; a browser may sign in", file=sys.stderr)
        return None
    except tracking.NoAnswer as error:
        raise InputError(f"{name}: MLflow store {where} {error}") from error
    if found is None:
        raise InputError(f"{name}: no MLflow experiment of this study in {where}; ssc-tune sync writes it")
    if tracking.views.OVERVIEW not in found.views:
        print(f"{name}: no overview is prepared in {where}; ssc-tune sync adds it", file=sys.stderr)
    return found
