"""``ssc-tune sync`` and ``ssc-tune ui``: the MLflow view of a study."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

from ssc_tune import running
from ssc_tune.commands import stored
from ssc_tune.running.options import tracking_uri as tracking_uri_of
from ssc_tune.study import Study

Which = Literal["none", "best", "all"]


def sync(study: Study, storage: Path, tracking_uri: str | None, *, log_models: Which) -> int:
    """Writes the view again, from the records alone; a second time changes nothing."""
    from ssc_tune.design import placements
    from ssc_tune.tracking import models_of, resolve_uri
    from ssc_tune.tracking import sync as write_view

    uri = tracking_uri_of(tracking_uri)
    resolve_uri(uri, Path.cwd())  # an address that is not understood is said before the analysis
    found = stored.look(study, storage)
    folder, cells, records = found.folder, found.progress.cells, found.progress.records
    analysis, tables, files = running.analyse(study, folder, cells, records, command=found.command, overhead=None)
    places = placements(cells)
    pairs = [(record, places[key]) for key, record in records.items()]
    models = models_of(folder, records, log_models, tables.best_of_methods())
    done = write_view(study, pairs, analysis, files, uri=uri, directory=folder.path, models=models)
    print(f"runs: {done.num_created} created, {done.num_updated} updated, {done.num_unchanged} unchanged")
    for problem in done.problems:
        print(problem, file=sys.stderr)
    return 1 if done.problems else 0


def ui(study: Study, tracking_uri: str | None, port: int) -> int:
    """Starts the MLflow UI on loopback, prints the addresses of the study's pages, and waits until it ends."""
    from ssc_tune.tracking import (
        charts_address,
        experiment_address,
        find_experiment,
        resolve_uri,
        ui_command,
        ui_environment,
    )

    uri = resolve_uri(tracking_uri_of(tracking_uri), Path.cwd())
    command = ui_command(uri, port=port)
    how = "Ctrl-C ends it" if command else "a tracking server has its own UI"
    experiment_id = find_experiment(uri, study.name)
    print(f"MLflow: {experiment_address(uri, experiment_id, port=port)}  experiment {study.name} ({how})")
    if experiment_id is not None:
        print(f"charts: {charts_address(uri, experiment_id, port=port)}")
    sys.stdout.flush()
    return subprocess.call(command, env={**os.environ, **ui_environment(uri)}) if command else 0
