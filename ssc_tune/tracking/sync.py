"""Rebuilding the whole view from the records."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ssc_tune.design import Placement
from ssc_tune.records.record import Record
from ssc_tune.study.model.study import Study
from ssc_tune.tracking.model import Models
from ssc_tune.tracking.report import SyncReport
from ssc_tune.tracking.uri import mask, resolve_uri
from ssc_tune.tracking.writer import Writer

if TYPE_CHECKING:
    from ssc_tune.analysis.result import StudyAnalysis


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
    counts: Counter[str] = Counter()
    problems: list[str] = []
    writer: Writer | None = None

    def note(what: str, error: Exception) -> None:
        problems.append(problem(what, error, uri))

    start = time.time()
    try:
        writer = Writer(uri, study, directory=directory)
        for record, placements in sorted(records, key=lambda pair: (pair[0].started, pair[0].cell_id)):
            start = min(start, record.started)
            try:
                counts[writer.write_cell(record, placements)] += 1
            except Exception as error:  # one cell that MLflow refuses must not hide the others
                if not writer.store.ping():
                    raise
                note(f"cell {record.cell_id}", error)
        present, missing = split_missing(artifacts)
        problems += missing
        writer.close(analysis, present, start_time=start)
        writer.log_models(models or {}, start)
    except Exception as error:  # whatever the store or the network did: the view is incomplete, the records are not
        note(f"MLflow at {uri}", error)
    experiment_id = writer.store.experiment_id if writer is not None else None
    return SyncReport(counts["created"], counts["updated"], counts["unchanged"], tuple(problems), experiment_id)


def split_missing(artifacts: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The artifacts that exist, and a line for each that does not."""
    present = [path for path in artifacts if path.exists()]
    return present, [f"artifact {path}: no such file" for path in artifacts if not path.exists()]


def problem(what: str, error: Exception, uri: str) -> str:
    """One line about an error, without credentials."""
    text = " ".join(str(error).split()) or type(error).__name__
    return mask(f"{what}: {type(error).__name__}: {text[:400]}", uri)
