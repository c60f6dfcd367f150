"""``ssc-tune show``: a study, or one of its cells."""

from __future__ import annotations

import argparse

from ssc_tune import commands
from ssc_tune.commands.arguments import add_json, add_study, study_of
from ssc_tune.errors import InputError

HELP = "state, cells, verdicts and measures of a study, or one cell"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to show, and how much of it."""
    add_study(parser, more="; or the id of a cell, as below")
    parser.add_argument("cell", nargs="?", help="id of one cell of the study to show, or the beginning of it")
    parser.add_argument("--cells", action="store_true", help="show every cell of the study")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Shows the study, or the cell where one is named, with its study or alone."""
    storage, cell = arguments.storage, arguments.cell
    alone = commands.stored.with_cell(str(arguments.study), storage) if cell is None else None
    if alone is not None and arguments.overrides:
        raise InputError(f"{arguments.study}: --set changes a study, and this is a cell")
    study, cell = alone or (study_of(arguments), cell)
    if cell is not None:
        return commands.pages.show_cell(study, storage, cell, as_json=arguments.json)
    return commands.pages.show_study(study, storage, as_json=arguments.json, all_cells=arguments.cells)
