"""``ssc-tune sync``: the MLflow view again, from the records alone."""

from __future__ import annotations

import argparse

from ssc_tune import commands, design, running, tracking
from ssc_tune.commands.arguments import add_study, add_tracking, study_of, warn
from ssc_tune.running.options import add_options

HELP = "write the MLflow view again, from the records alone"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which study, and where the view is."""
    add_study(parser)
    add_tracking(parser)
    add_options(parser, "log_models")


def run(arguments: argparse.Namespace) -> int:
    """Writes the view; a second time changes nothing."""
    uri = running.tracking_uri(arguments.tracking_uri)
    tracking.resolve_uri(uri)  # an address that is not understood is said before the analysis
    found = commands.stored.look(study_of(arguments), arguments.storage, whole=True)
    folder, cells, records = found.folder, found.progress.cells, found.progress.records
    judged = running.analyse(found.study, folder, cells, records, command=found.command, overhead=None)
    analysis, tables, files = judged[:3]
    places = design.placements(cells)
    pairs = [(record, places[key]) for key, record in records.items()]
    models, missing = tracking.models_of(folder, records, arguments.log_models, tables.best_of_methods())
    done = tracking.sync(found.study, pairs, analysis, files, uri=uri, directory=folder.path, models=models)
    print(f"runs: {done.num_created} created, {done.num_updated} updated, {done.num_unchanged} unchanged")
    warn([*judged.problems, *missing, *done.problems])
    return 1 if done.problems else 0
