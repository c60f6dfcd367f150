"""The front door: ``python -m ssc_tune.run STUDY``. From Python it is :func:`ssc_tune.run_study`."""

from __future__ import annotations

import argparse
import difflib
import gc
import io
import sys
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NoReturn

from ssc_tune import bytecode, execution
from ssc_tune.commands import run
from ssc_tune.commands.arguments import pulled
from ssc_tune.errors import InputError, of_machine
from ssc_tune.exit_codes import EXIT_BAD_INPUT, EXIT_DONE
from ssc_tune.masking import mask

_EPILOG = """exit codes: 0 done; 1 some cells failed beyond their retries; 2 bad input; 130 interrupted; 143 by SIGTERM
Ctrl-C stops; the same command goes on: finished cells are not run again, interrupted ones continue."""


class Parser(argparse.ArgumentParser):
    """A parser that does not repeat a password where it refuses an argument, and knows what was meant."""

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """As argparse's, with the choice that is nearest to one that there is not."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            near = difflib.get_close_matches(str(value), [str(choice) for choice in action.choices or ()], n=1)
            if near:
                error.message = f"{error.message}; did you mean {near[0]!r}?"
            raise

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
    return guarded(lambda: run.run(pulled(make_parser().parse_args(given, argparse.Namespace(given=given)))))


def let_go_of_output() -> None:
    """Drops what cannot be written, since nobody reads on or a disk is full; Python would try again as it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        execution.quiet.drop_output()


def _show_what_can_be_shown() -> None:
    """Lets a terminal that lacks a character, as one in ASCII, show a question mark for it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _show_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Shows a fault of ours; libraries put addresses into what they raise."""
    print(mask("".join(traceback.format_exception(kind, error, trace))), file=sys.stderr, end="")


def guarded(action: Callable[[], int]) -> int:
    """Calls ``action``; what a user can mend is a line, all else a traceback, neither with a password."""
    bytecode.keep()
    _show_what_can_be_shown()
    sys.excepthook = _show_fault
    try:
        code = action()
        sys.stdout.flush()  # here rather than when Python ends, where nobody answers for it
        return code
    except InputError as error:
        for problem in error.problems:
            print(mask(problem), file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt as interruption:
        print("interrupted; the same command goes on", file=sys.stderr)
        return execution.signals.exit_code(getattr(interruption, "number", None))
    except BrokenPipeError:
        let_go_of_output()
        return EXIT_DONE
    except (EOFError, ValueError) as error:
        folder = bytecode.forget_damaged(error)
        if folder is None:
            raise
        print(f"{folder}: compiled files were damaged and are removed: give the same command again", file=sys.stderr)
        return EXIT_BAD_INPUT
    except OSError as error:
        line = of_machine(error)
        if line is None:
            raise
        let_go_of_output()
        print(line, file=sys.stderr)
        return EXIT_BAD_INPUT


def leave(code: int) -> NoReturn:
    """Ends the process. Half a million objects that end with it are not looked through for cycles first."""
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    leave(main())
