"""``ssc-tune run``, which is ``python -m ssc_tune.run``: trains what is missing of a study and judges its claims."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from ssc_tune import commands, execution, running, study
from ssc_tune.commands.arguments import Command, add_overrides
from ssc_tune.data import cache
from ssc_tune.exit_codes import EXIT_DONE, EXIT_SOME_FAILED
from ssc_tune.running.options import add_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of a run."""
    parser.add_argument("study", type=Path, help="study file (YAML), for instance studies/stability.yaml")
    add_overrides(parser)
    parser.add_argument("--dry-run", action="store_true", help="show points, cells, resources and time; train nothing")
    parser.add_argument(
        "--price",
        type=float,
        metavar="MONEY",
        help="with --dry-run: of a GPU hour, or of a CPU core's where cells use no GPU; tells what the study costs",
    )
    add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs a study as the arguments say."""
    with execution.signals.raising():
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    cache.use(arguments.data_dir)
    of = study.load_study(arguments.study, arguments.overrides)
    options = running.options_from(vars(arguments), command=running.default_command(arguments.given))
    commands.screen.show_plan(
        of, options, running.survey(of, options, whole=False), estimate=arguments.dry_run, price=arguments.price
    )
    if arguments.dry_run:
        return EXIT_DONE
    result = running.train_and_judge(of, options)
    with contextlib.suppress(OSError) if isinstance(result, running.Interrupted) else contextlib.nullcontext():
        commands.screen.show_result(of, options, result)  # where its end was that of the terminal, nobody reads it
    if isinstance(result, running.Interrupted):
        return execution.signals.exit_code(result.signal)
    return EXIT_SOME_FAILED if result.num_failed or result.num_lost or result.num_missing else EXIT_DONE


COMMAND = Command("run", "train what is missing of a study and judge its claims", add_arguments, run)
