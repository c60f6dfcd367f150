"""``ssc-tune plan``: how often a study's rule would support a claim, before it is run."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from ssc_tune import commands, design, execution, running
from ssc_tune.commands.arguments import add_json, add_study, study_of, warn
from ssc_tune.errors import InputError
from ssc_tune.exit_codes import EXIT_DONE, EXIT_INTERRUPTED
from ssc_tune.running.options import add_options

if TYPE_CHECKING:
    from ssc_tune.study import Study

HELP = "tell how often a study would see a difference in spread, and how to spend a budget, before it runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is known, what is to be seen, and what may be spent."""
    add_study(parser)
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
    add_options(parser, "address", "insecure_cluster")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints the plan."""
    study = study_of(arguments)
    block, setting = arguments.block, arguments.setting or study.setting_names[0]
    for name, allowed, key in ((block, study.blocks, "--block"), (setting, study.setting_names, "--setting")):
        if name not in allowed:
            raise InputError(f"{key}: {name!r} is not in this study; allowed: {', '.join(allowed)}")
    known = _known(study, arguments, block, setting)
    if known is None:
        return EXIT_INTERRUPTED
    if arguments.slope_cv is not None:
        known = running.pilot.with_slopes(known, arguments.slope_cv)
    found = running.power.make_plan(
        study,
        known,
        block=block,
        setting=setting,
        budget=arguments.budget,
        ratio=arguments.ratio,
        mean_gain=arguments.mean_gain,
    )
    print(found.model_dump_json() if arguments.json else "\n".join(commands.plan_words.lines(found)))
    warn(f"note: {line}" for line in (*design.notes.notes(study), *execution.place.notes(study)))
    return EXIT_DONE


def _known(study: Study, arguments: argparse.Namespace, block: str, setting: str) -> running.pilot.Known | None:
    """What is known of the accuracies; None where a pilot was interrupted."""
    if arguments.variances is not None:
        return running.pilot.parse_variances(arguments.variances)
    command = f"ssc-tune plan {arguments.study} --pilot {arguments.pilot}"
    options = running.options_from(vars(arguments), command=command)
    measured = study
    if arguments.pilot is not None:
        measured = running.pilot.pilot_study(study, arguments.pilot)
        # The whole plan stands before its pilot.
        running.registration.register(study, running.folder_of(study, options))
        ended = running.train_and_judge(measured, replace(options, blind=True))
        if isinstance(ended, running.Interrupted):
            return None
        if ended.num_failed:
            print(f"{ended.num_failed} cells of the pilot failed; they count at chance", file=sys.stderr)
    return running.pilot.read_records(measured, running.survey(measured, options), block=block, setting=setting)
