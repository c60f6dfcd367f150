"""The front door: ``python -m ssc_tune.run STUDY``. It reads the command line and calls the steps in order.

From Python it is :func:`ssc_tune.run_study`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ssc_tune.errors import InputError
from ssc_tune.exit_codes import EXIT_BAD_INPUT, EXIT_DONE, EXIT_INTERRUPTED, EXIT_SOME_FAILED

_EPILOG = """exit codes: 0 done; 1 some cells failed beyond their retries; 2 bad input; 130 interrupted
Ctrl-C stops; the same command goes on: finished cells are not run again, interrupted ones continue."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of a run."""
    parser.add_argument("study", type=Path, help="study file (YAML), for instance studies/stability.yaml")
    add_overrides(parser)
    parser.add_argument("--dry-run", action="store_true", help="show points, cells, resources and time; train nothing")
    add_storage(parser)
    parser.add_argument(
        "--tracking-uri",
        metavar="URI",
        help="MLflow store or server; default $MLFLOW_TRACKING_URI or sqlite:///mlflow.db; 'none' for no tracking",
    )
    parser.add_argument(
        "--optuna-storage",
        metavar="URL",
        help="where the points are kept: a database URL or a journal FILE.log; default optuna.db in the study's folder",
    )
    add_log_models(parser)
    parser.add_argument(
        "--system-metrics",
        action="store_true",
        help="let MLflow sample this machine (CPU, memory, disk, network, GPUs) into the study's run; needs psutil",
    )
    parser.add_argument("--retry-failed", action="store_true", help="run cells again that were recorded as failed")


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


def add_log_models(parser: argparse.ArgumentParser) -> None:
    """The option that says which trained nets MLflow gets."""
    parser.add_argument(
        "--log-models",
        choices=("none", "best", "all"),
        default="best",
        help="cells whose weights become MLflow models: the best of each method on validation (default), or all",
    )


def add_storage(parser: argparse.ArgumentParser) -> None:
    """The option that says where studies are kept."""
    parser.add_argument(
        "--storage", type=Path, default=Path("runs"), metavar="DIR", help="folder of the records (default: runs)"
    )


def make_parser() -> argparse.ArgumentParser:
    """The parser of ``python -m ssc_tune.run``."""
    parser = argparse.ArgumentParser(
        prog="python -m ssc_tune.run",
        description="Train every cell of a study, track it in MLflow, and judge its claims.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    return guarded(lambda: execute(make_parser().parse_args(given), given))


def execute(arguments: argparse.Namespace, given: Sequence[str]) -> int:
    """Runs a study as the arguments say."""
    from ssc_tune.study import load_study

    study = load_study(arguments.study, arguments.overrides)
    from ssc_tune import running
    from ssc_tune.commands import screen
    from ssc_tune.running.options import default_command

    options = running.Options(
        storage=arguments.storage,
        tracking_uri=arguments.tracking_uri,
        optuna_storage=arguments.optuna_storage,
        retry_failed=arguments.retry_failed,
        log_models=arguments.log_models,
        system_metrics=arguments.system_metrics,
        command=default_command(given),
    )
    screen.show_plan(study, options, running.survey(study, options, adopt=False), estimate=arguments.dry_run)
    if arguments.dry_run:
        return EXIT_DONE
    result = running.run(study, options)
    screen.show_result(study, options, result)
    if isinstance(result, running.Interrupted):
        return EXIT_INTERRUPTED
    return EXIT_SOME_FAILED if result.num_failed or result.num_missing else EXIT_DONE


def guarded(action: Callable[[], int]) -> int:
    """Calls ``action``; what a user can mend is shown line by line, without a traceback."""
    try:
        return action()
    except InputError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
