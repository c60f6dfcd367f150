"""``ssc-tune report``: the report again, from the records alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from ssc_tune import commands, running
from ssc_tune.commands.arguments import add_json, add_study, answer, study_of, warn

HELP = "write the report again, from the records alone"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which study."""
    add_study(parser)
    add_json(parser)
    parser.add_argument("--png", action="store_true", help="write each figure as PNG too, beside its SVG")
    parser.add_argument(
        "--publish",
        type=Path,
        metavar="DIR",
        help="write the answer to DIR too, as a page with its figures and tables that a repository can keep",
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes all files of the report again and prints their paths."""
    found = commands.stored.look(study_of(arguments), arguments.storage, whole=True)
    analysis, _, files, problems = running.analyse(
        found.study,
        found.folder,
        found.progress.cells,
        found.progress.records,
        command=found.command,
        overhead=None,
        publish=arguments.publish,
        png=arguments.png,
    )
    warn(problems)
    paths = [str(path) for path in files]
    answer(arguments, {"files": paths, "verdicts": commands.state.verdicts(analysis)}, paths)
    return 0
