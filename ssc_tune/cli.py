"""The console script ``ssc-tune``: a study's commands beside the run itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import ssc_tune.run as front_door
from ssc_tune import __version__
from ssc_tune.errors import InputError

_EPILOG = "exit codes: 0 done; 1 not as it should be (ssc-tune COMMAND --help); 2 bad input; 130 interrupted"


def make_parser() -> argparse.ArgumentParser:
    """The parser with every subcommand."""
    parser = argparse.ArgumentParser(
        prog="ssc-tune", description="Studies of hyperparameter sensitivity.", epilog=_EPILOG
    )
    parser.add_argument("--version", action="version", version=f"ssc-tune {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str, *, more: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=f"{text}. {more}".strip())

    front_door.add_arguments(add("run", "train what is missing of a study and judge its claims"))
    _add_files(add("new", "write a commented study file that runs as it is"))
    validate = add("validate", "check study files and search-space files without running anything")
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE", help="study file or search-space file")
    listing = add("list", "studies in the storage folder, how far they are, and their verdicts")
    front_door.add_storage(listing)
    _add_json(listing)
    show = add("show", "state, cells, verdicts and measures of a study, or one cell")
    _add_study(show, more="; or the id of a cell, as below")
    show.add_argument("cell", nargs="?", help="id of one cell of the study to show, or the beginning of it")
    show.add_argument("--cells", action="store_true", help="show every cell of the study")
    _add_json(show)
    report = add("report", "write the report again, from the records alone")
    _add_study(report)
    _add_json(report)
    _add_register(add("register", "put a study's plan on record before its cells, and print its hash; runs nothing"))
    check = add(
        "check",
        "tell whether every claim has the verdict that the study expects, and whether its plan is what was registered",
        more="Exits with 0 if every claim has its verdict and every cell a record, with 1 otherwise, or if the file of "
        "registrations is damaged or the plan's hash is not the one given.",
    )
    _add_study(check)
    check.add_argument("--registration", metavar="HASH", help="hash that the plan must have, 16 digits of it or more")
    _add_json(check)
    plan = add(
        "plan", "tell how often a study would see a difference in spread, and how to spend a budget, before it runs"
    )
    _add_study(plan)
    _add_plan(plan)
    sync = add("sync", "write the MLflow view again, from the records alone")
    _add_study(sync)
    _add_tracking(sync)
    front_door.add_log_models(sync)
    ui = add("ui", "start the MLflow UI on loopback and print its address")
    _add_study(ui)
    _add_tracking(ui)
    ui.add_argument("--port", type=int, default=5000, metavar="NUMBER", help="port to listen on (default: 5000)")
    completion = add("completion", "print a script that completes commands, options and studies")
    completion.add_argument(
        "shell", choices=("bash", "zsh", "fish"), help='for instance: eval "$(ssc-tune completion bash)"'
    )
    return parser


def _add_register(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    _add_json(parser)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="name of the study; the file is NAME.yaml")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_tracking(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tracking-uri", metavar="URI", help="MLflow store; default $MLFLOW_TRACKING_URI or sqlite:///mlflow.db"
    )


def _add_plan(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--pilot",
        type=int,
        metavar="N",
        help="run the first N points of the design first, showing no result of theirs; their cells count later",
    )
    source.add_argument(
        "--variances",
        metavar="point=..,seed=..,error=..",
        help="variance components of accuracy (a share of 1), mean of the methods, and mean=.. for the mean accuracy; "
        "default: from the records, pooled over the methods",
    )
    parser.add_argument("--budget", type=int, metavar="CELLS", help="divide so many training runs of one block")
    parser.add_argument(
        "--ratio", type=float, default=0.5, metavar="R", help="ratio of spreads that the study is to see (default 0.5)"
    )
    parser.add_argument(
        "--mean-gain",
        type=float,
        default=0.0,
        metavar="X",
        help="mean accuracy of the more stable method minus that of the other (default 0: equal means)",
    )
    parser.add_argument(
        "--slope-cv",
        type=float,
        metavar="X",
        help="how much sensitivity varies by seed, as a coefficient of variation; default: from a pilot of at least 8 "
        "points and 3 seeds, else 0.2",
    )
    parser.add_argument("--block", default="shared", help="block of the design (default: shared)")
    parser.add_argument("--setting", help="setting of the study (default: its first)")
    _add_json(parser)


def _add_study(parser: argparse.ArgumentParser, *, more: str = "") -> None:
    parser.add_argument("study", type=Path, help=f"study file, or the name of a study in the storage folder{more}")
    front_door.add_overrides(parser)
    front_door.add_storage(parser)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    return front_door.guarded(lambda: _dispatch(make_parser().parse_args(given), given))


def _dispatch(arguments: argparse.Namespace, given: list[str]) -> int:
    """Imports and calls the command; importing late keeps help and errors quick."""
    match arguments.command:
        case "run":
            return front_door.execute(arguments, given[1:])
        case "new":
            from ssc_tune.commands.files import new

            return new(arguments.name)
        case "validate":
            from ssc_tune.commands.files import validate

            return validate(arguments.files)
        case "list":
            from ssc_tune.commands.show import list_studies

            return list_studies(arguments.storage, as_json=arguments.json)
        case "completion":
            from ssc_tune.commands.completion import completion

            return completion(make_parser(), arguments.shell)
        case "show":
            return _show(arguments)
        case _:
            return _with_study(arguments)


def _show(arguments: argparse.Namespace) -> int:
    from ssc_tune.commands import stored
    from ssc_tune.commands.show import show_cell, show_study

    storage, cell = arguments.storage, arguments.cell
    alone = stored.with_cell(str(arguments.study), storage) if cell is None else None
    if alone is not None and arguments.overrides:
        raise InputError(f"{arguments.study}: --set changes a study, and this is a cell")
    study, cell = alone or (stored.load(arguments.study, arguments.overrides, storage), cell)
    if cell is not None:
        return show_cell(study, storage, cell, as_json=arguments.json)
    return show_study(study, storage, as_json=arguments.json, all_cells=arguments.cells)


def _with_study(arguments: argparse.Namespace) -> int:
    from ssc_tune.commands.stored import load

    study, storage = load(arguments.study, arguments.overrides, arguments.storage), arguments.storage
    match arguments.command:
        case "report":
            from ssc_tune.commands.judge import report

            return report(study, storage, as_json=arguments.json)
        case "check":
            from ssc_tune.commands.judge import check

            return check(study, storage, as_json=arguments.json, registration=arguments.registration)
        case "register":
            from ssc_tune.commands.registered import register_study

            return register_study(study, storage, as_json=arguments.json)
        case "plan":
            from ssc_tune.commands.plan import plan

            return plan(study, arguments)
        case "sync":
            from ssc_tune.commands.mlflow_view import sync

            return sync(study, storage, arguments.tracking_uri, log_models=arguments.log_models)
        case _:
            from ssc_tune.commands.mlflow_view import ui

            return ui(study, arguments.tracking_uri, arguments.port)


if __name__ == "__main__":
    sys.exit(main())
