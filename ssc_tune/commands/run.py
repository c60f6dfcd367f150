"""``ssc-tune run``, which is ``python -m ssc_tune.run``: trains what is missing of a study and judges its claims."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ssc_tune import bytecode, commands, execution, running, study
from ssc_tune.commands.arguments import add_overrides, warn
from ssc_tune.data import cache
from ssc_tune.exit_codes import EXIT_DONE, EXIT_SOME_FAILED
from ssc_tune.running.options import add_options, check_storage

HELP = "train what is missing of a study and judge its claims"


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
    check_storage(arguments.storage)
    of = study.load_study(arguments.study, arguments.overrides)
    again = [word for word in arguments.given if word != "--yes"]  # said once, for what was taken out this time
    options = running.options_from(vars(arguments), command=running.default_command(again))
    warn(running.cautions(options))
    if not arguments.dry_run:
        bytecode.compile_ahead()
    plan = running.survey(of, options, whole=False)
    _heard(lambda: commands.screen.show_plan(of, options, plan, estimate=arguments.dry_run, price=arguments.price))
    if arguments.dry_run:
        warn(plan.problems)
        return EXIT_DONE
    if plan.changes.unused and not options.yes:
        options = replace(options, yes=_agreed())
        running.unused.confirm(of.name, plan.changes.unused, yes=options.yes)
    result = running.train_and_judge(of, options)
    with contextlib.suppress(OSError) if isinstance(result, running.Interrupted) else contextlib.nullcontext():
        _heard(lambda: commands.screen.show_result(of, options, result))  # its end may be that of the terminal
    if isinstance(result, running.Interrupted):
        return execution.signals.exit_code(result.signal)
    return EXIT_SOME_FAILED if result.num_failed or result.num_lost or result.num_missing else EXIT_DONE


def _agreed() -> bool:
    """Whether whoever sits at the terminal agrees; nobody does where there is none."""
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    print("go on without these records? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _heard(show: Callable[[], None]) -> None:
    """Shows something, whether or not anybody reads it to its end: a run does not end for that."""
    try:
        show()
        sys.stdout.flush()
    except BrokenPipeError:
        execution.quiet.drop_output()
