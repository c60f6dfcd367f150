"""``ssc-tune compare``: two studies, or two revisions of one, side by side."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ssc_tune import commands, records
from ssc_tune.commands.arguments import add_json
from ssc_tune.data import cache
from ssc_tune.running.options import add_options, given_storage

HELP = "two studies, or two revisions of one, side by side: cells, claims, verdicts, spreads"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which two, and where they are."""
    what = (
        "study file, name of a study in the storage folder, folder of a study, or NAME@HASH for an earlier plan of it"
    )
    parser.add_argument("study", type=Path, help=what)
    parser.add_argument("other", type=Path, help="what to compare it with, named in the same ways")
    add_options(parser, "storage", "data_dir")
    parser.add_argument(
        "--other-storage", type=given_storage, metavar="PATH", help="where the other study is, if not in --storage"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints what is the same and what is not; whatever that is, it exits with 0."""
    cache.use(arguments.data_dir)
    other = arguments.other_storage
    if other is not None:
        records.mirrored.pull(other)
    first = commands.between.side(str(arguments.study), arguments.storage)
    second = commands.between.side(str(arguments.other), other or arguments.storage)
    found = commands.between.compared(first, second)
    if arguments.json:
        print(json.dumps(found))
        return 0
    commands.between_words.show(found)
    return 0
