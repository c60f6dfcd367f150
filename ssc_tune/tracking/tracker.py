"""Writing the view: all of it from the records, or along with a running study from a thread of its own."""

from __future__ import annotations

import contextlib
import queue
import shlex
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.design import Placement
from ssc_tune.masking import mask_address
from ssc_tune.records.record import Record
from ssc_tune.study.model.study import Study
from ssc_tune.tracking.model import Models
from ssc_tune.tracking.report import Journal, SyncReport
from ssc_tune.tracking.system import SystemMetrics
from ssc_tune.tracking.uri import DEFAULT_URI, resolve_uri
from ssc_tune.tracking.writer import Writer

RETRY_SECONDS = 30.0
"""How long a store that did not answer is left alone."""
PATIENCE = 15.0
"""Seconds at the end of a run in which a store need not be waited for aloud."""


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
    uri = resolve_uri(uri)
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


class _Found(NamedTuple):
    """What has come of a study, and whether that is all: more artifacts may follow."""

    analysis: StudyAnalysis | None
    artifacts: Sequence[Path]
    models: Models
    last: bool


class Tracker:
    """Writes cells to MLflow as they end. Only its thread touches MLflow; no other ever waits for a server.

    A store that does not answer is tried again every ``RETRY_SECONDS``, with everything that has been queued since.
    What is not written in the end is in the records all the same, and ``ssc-tune sync`` writes it later.

    Args:
        uri: the store; a relative SQLite path is meant from the working directory.
        study: the study that runs.
        directory: the study's folder; MLflow's log goes there.
        on_problem: called once, from the thread, with one line about the first problem.
        on_wait: called with one line where the end of the run waits for MLflow.
        system_metrics: let MLflow sample this machine into the parent run; see :class:`SystemMetrics`, and first call
            :func:`~ssc_tune.tracking.system.check_system_metrics`.

    Raises:
        InputError: ``uri`` is not understood.
    """

    def __init__(
        self,
        uri: str,
        study: Study,
        *,
        directory: Path,
        on_problem: Callable[[str], None],
        on_wait: Callable[[str], None] = lambda line: None,
        system_metrics: bool = False,
    ) -> None:
        self.uri = resolve_uri(uri)
        self._system = SystemMetrics(self.uri) if system_metrics else None
        self._study = study
        self._directory = directory
        self._journal, self._on_wait = Journal(self.uri, on_problem), on_wait
        option = "" if uri == DEFAULT_URI else f" --tracking-uri {shlex.quote(mask_address(uri))}"
        self._advice = f"ssc-tune sync {study.name}{option}"
        self._queue: queue.SimpleQueue[tuple[Record, Sequence[Placement]] | _Found] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ssc_tune-tracking", daemon=True)
        self._started = time.time()
        self._writer: Writer | None = None
        self._backlog: deque[tuple[Record, Sequence[Placement]]] = deque()
        self._retry_at = 0.0

    def start(self) -> None:
        """Start the thread; returns at once, before MLflow is imported."""
        self._thread.start()

    def cell(self, record: Record, placements: Sequence[Placement]) -> None:
        """Queue a cell that has ended. Never blocks; a cell that was written before changes nothing."""
        self._queue.put((record, tuple(placements)))

    def found(self, analysis: StudyAnalysis, models: Models) -> None:
        """Write verdicts, tables and models, as soon as what is queued is written; never blocks.

        Optional, before :meth:`finish`, which writes what has not come to the store.
        """
        self._queue.put(_Found(analysis, (), models, last=False))

    def finish(
        self,
        analysis: StudyAnalysis | None,
        artifacts: Sequence[Path],
        timeout: float,
        *,
        models: Models | None = None,
    ) -> SyncReport:
        """Write what is queued, then verdicts, tables and artifacts; end the parent run; log models last.

        Waits at most ``timeout`` seconds; a thread that is still busy then dies with the process.
        """
        self._queue.put(_Found(analysis, tuple(artifacts), models or {}, last=True))
        self._thread.join(min(PATIENCE, timeout))
        if self._thread.is_alive() and timeout > PATIENCE:
            self._on_wait(f"MLflow is slower than the study: waiting for it, {timeout - PATIENCE:.0f} s at most")
            self._thread.join(timeout - PATIENCE)
        if self._thread.is_alive():
            self._journal.say(f"MLflow was not done after {timeout:.0f} s; complete it with: {self._advice}")
        return self._journal.report(self._writer)

    def _run(self) -> None:
        self._flush()
        while True:
            item = self._queue.get()
            if not isinstance(item, _Found):
                self._backlog.append(item)
                if time.monotonic() >= self._retry_at:
                    self._flush()
            elif item.last:
                break
            elif self._writer is not None and not self._backlog:
                with contextlib.suppress(Exception):  # the end tries again, and says what is wrong
                    self._journal.close(self._writer, item.analysis, item.artifacts, item.models, self._started)
        self._flush()
        self._measured(SystemMetrics.stop)
        self._close(item)

    def _flush(self) -> None:
        """Write the backlog as far as the store lets."""
        try:
            if self._writer is None:
                writer = Writer(self.uri, self._study, directory=self._directory)
                writer.parent(self._started)
                self._writer = writer
            while self._backlog:
                self._journal.write(self._writer, *self._backlog[0])
                self._backlog.popleft()
            parent = self._writer.parent
            self._measured(lambda system: system.follow(parent(self._started)))
        except Exception as error:  # tracking must never stop a study, whatever MLflow raises
            self._retry_at = time.monotonic() + RETRY_SECONDS
            advice = f" (the study goes on; complete the view later with: {self._advice})"
            self._journal.store_failed(error, advice, once=True)

    def _measured(self, act: Callable[[SystemMetrics], None]) -> None:
        """Lets the system metrics follow the parent run, or stop; a failure ends them, and neither study nor cells."""
        try:
            if self._system is not None:
                act(self._system)
        except Exception as error:  # whatever MLflow raises
            self._system = None
            self._journal.failed("system metrics", error)

    def _close(self, item: _Found) -> None:
        if self._backlog or self._writer is None:
            self._journal.say(f"{len(self._backlog)} cells are not in MLflow yet; complete it with: {self._advice}")
            return
        try:
            self._journal.close(self._writer, item.analysis, item.artifacts, item.models, self._started)
        except Exception as error:  # see _flush
            self._journal.store_failed(error, f"; complete it with: {self._advice}")
