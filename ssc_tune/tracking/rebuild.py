"""Rebuilding the whole view from the records."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.design import Placement
from ssc_tune.records.record import Record
from ssc_tune.study.model.study import Study
from ssc_tune.tracking.model import Models
from ssc_tune.tracking.report import Journal, SyncReport
from ssc_tune.tracking.uri import resolve_uri
from ssc_tune.tracking.writer import Writer


def sync(
    study: Study,
    records: Iterable[tuple[Record, Sequence[Placement]]],
    analysis: StudyAnalysis | None,
    artifacts: Sequence[Path],
    *,
    uri: str,
    directory: Path,
    models: Models | None = None,
) -> SyncReport:
    """Write every record, verdict, table and artifact of a study to a store; a second call changes nothing.

    Args:
        study: the study; its version decides the parent run.
        records: cells that have ended, each with its places in the design.
        analysis: verdicts and tables, or ``None`` if the study is not finished.
        artifacts: files and folders for the parent run; those that do not exist are reported.
        uri: the store; a relative SQLite path is meant from the working directory.
        directory: the study's folder; MLflow's log goes there.
        models: cells to log as MLflow models, by name, with their checkpoints; see :func:`models_of`.

    Returns:
        Counts of cells, and what went wrong. A store that cannot be reached is a problem in the report, not an error.

    Raises:
        InputError: ``uri`` is not understood.
    """
    uri = resolve_uri(uri, Path.cwd())
    journal, start = Journal(uri), time.time()
    writer: Writer | None = None
    try:
        writer = Writer(uri, study, directory=directory)
        for record, placements in sorted(records, key=lambda pair: (pair[0].started, pair[0].cell_id)):
            start = min(start, record.started)
            journal.write(writer, record, placements)
        journal.close(writer, analysis, artifacts, models or {}, start)
    except Exception as error:  # whatever the store or the network did: the view is incomplete, the records are not
        journal.store_failed(error)
    return journal.report(writer)
