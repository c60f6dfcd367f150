"""The console script ``ssc-tune``: a table of commands."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from ssc_tune import __version__
from ssc_tune.commands.arguments import pulled
from ssc_tune.presentation import glossary
from ssc_tune.run import Parser, guarded, leave

_DESCRIPTION = f"Studies of hyperparameter sensitivity. {glossary.explained()}"
_EPILOG = (
    "exit codes: 0 done; 1 not as it should be (ssc-tune COMMAND --help); 2 bad input; 130 interrupted; 143 by SIGTERM"
)

COMMANDS = (
    "run", "new", "validate", "list", "show", "compare", "report", "paper", "register", "check", "plan", "sync",
    "clean", "ui", "completion",
)  # fmt: skip
"""In the order of the help; each is a file of :mod:`ssc_tune.commands`."""


def make_parser() -> argparse.ArgumentParser:
    """The parser with every command."""
    parser = Parser(prog="ssc-tune", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"ssc-tune {__version__}")
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        command = importlib.import_module(f"ssc_tune.commands.{name}")
        text = f"{command.HELP}. {getattr(command, 'MORE', '')}".strip()
        own = parsers.add_parser(name, help=command.HELP, description=text)
        command.add_arguments(own)
        own.set_defaults(run=command.run, parser=parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    given = [*(sys.argv[1:] if argv is None else argv)]

    def called() -> int:
        arguments = make_parser().parse_args(given, argparse.Namespace(given=given[1:]))
        return int(arguments.run(pulled(arguments)))

    return guarded(called)


def enter() -> NoReturn:
    """The console script."""
    leave(main())


if __name__ == "__main__":
    enter()
