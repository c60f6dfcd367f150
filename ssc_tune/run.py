"""The front door: ``python -m ssc_tune.run STUDY``. From Python it is :func:`ssc_tune.run_study`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from ssc_tune import execution
from ssc_tune.commands import run
from ssc_tune.errors import InputError
from ssc_tune.exit_codes import EXIT_BAD_INPUT, EXIT_DONE

_EPILOG = """exit codes: 0 done; 1 some cells failed beyond their retries; 2 bad input; 130 interrupted; 143 by SIGTERM
Ctrl-C stops; the same command goes on: finished cells are not run again, interrupted ones continue."""


def make_parser() -> argparse.ArgumentParser:
    """The parser of ``python -m ssc_tune.run``."""
    parser = argparse.ArgumentParser(
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


def guarded(action: Callable[[], int]) -> int:
    """Calls ``action``; what a user can mend is shown line by line, without a traceback."""
    try:
        return action()
    except InputError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt as interruption:
        print("interrupted; the same command goes on", file=sys.stderr)
        return execution.signals.exit_code(getattr(interruption, "number", None))
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
