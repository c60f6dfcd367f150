"""``ssc-tune paper``: figures, tables, a paragraph and references for a paper."""

from __future__ import annotations

import argparse
from pathlib import Path

from ssc_tune import analysis as analyses
from ssc_tune import commands, paper, records, running
from ssc_tune.commands.arguments import add_json, add_study, answer, study_of, warn
from ssc_tune.errors import InputError

FOLDER = "paper"
"""Within the study's folder, unless another is named."""

HELP = "write figures, tables, a methods paragraph and references for a paper, from the records alone"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which study, and where to."""
    add_study(parser)
    add_json(parser)
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="folder to write, empty or written by this command before; default `paper` in the study's folder",
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes the folder, and says what is in it and which figures have nothing to show.

    Raises:
        InputError: the study has no record, or the folder holds something else.
    """
    study = study_of(arguments)
    directory = arguments.output or running.folder_of(study, running.Options(storage=arguments.storage)).path / FOLDER
    paper.files.check(directory)
    found, analysis = commands.stored.judged(study, arguments.storage, explore=True, whole=True)
    progress = found.progress
    if analysis is None:
        raise InputError(f"{study.name}: no cell has a record yet, so there is nothing to write; a run makes them")
    tables = analyses.build.build_tables(study, progress.cells, progress.records)
    pictures, problems = running.judge.geometries(found.folder, tables)
    warn(problems)
    written = paper.write(
        study,
        tables,
        analysis,
        directory,
        records=tables.in_order(progress.records),
        num_cells=progress.num_total,
        geometries=pictures,
    )
    if arguments.output is None:  # within the study's folder, which may stand for one elsewhere
        records.mirrored.keep_views(found.folder)
    files = [str(path) for path in written.files]
    absent = [{"figure": name, "needs": needs} for name, needs in written.absent]
    lines = (f"no figure of {name}: it needs {needs}" for name, needs in written.absent)
    answer(arguments, {"files": files, "absent": absent}, [*files, *lines])
    return 0
