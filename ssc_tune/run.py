"""The front door: ``python -m ssc_tune.run STUDY``. From Python it is :func:`ssc_tune.run_study`."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NoReturn

from ssc_tune.commands import run
from ssc_tune.errors import InputError
from ssc_tune.exit_codes import EXIT_BAD_INPUT, EXIT_DONE, EXIT_INTERRUPTED
from ssc_tune.masking import mask

_EPILOG = """exit codes: 0 done; 1 some cells failed beyond their retries; 2 bad input; 130 interrupted
Ctrl-C stops; the same command goes on: finished cells are not run again, interrupted ones continue."""


class Parser(argparse.ArgumentParser):
    """A parser that does not repeat a password where it refuses an argument."""

    def error(self, message: str) -> NoReturn:
        """Says what is wrong, and ends."""
        super().error(mask(message))


def make_parser() -> argparse.ArgumentParser:
    """The parser of ``python -m ssc_tune.run``."""
    parser = Parser(
        prog="python -m ssc_tune.run",
        description="Train every cell of a study, track it in MLflow, and judge its claims.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_arguments(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    return guarded(lambda: run.run(make_parser().parse_args(given, argparse.Namespace(given=given))))


def _show_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Shows a fault of ours; libraries put addresses into what they raise."""
    print(mask("".join(traceback.format_exception(kind, error, trace))), file=sys.stderr, end="")


def guarded(action: Callable[[], int]) -> int:
    """Calls ``action``; what a user can mend is a line, all else a traceback, neither with a password."""
    sys.excepthook = _show_fault
    try:
        return action()
    except InputError as error:
        for problem in error.problems:
            print(mask(problem), file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
