"""Runs what is missing of a study, then judges and reports it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ssc_tune import design as designs
from ssc_tune import execution, presentation, tracking
from ssc_tune.design.cells import Cell, placements
from ssc_tune.errors import InputError
from ssc_tune.masking import scrubbing
from ssc_tune.records import StudyFolder
from ssc_tune.running import looks
from ssc_tune.running.changes import stored_study
from ssc_tune.running.judge import analyse
from ssc_tune.running.listeners import Ledger, Told, Tracked
from ssc_tune.running.options import Options, folder_of, hints_of, optuna_storage, tracking_uri
from ssc_tune.running.plan import StudyPlan, survey
from ssc_tune.running.registration import register
from ssc_tune.running.retention import Retention, most
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    from ssc_tune.analysis.result import StudyAnalysis
    from ssc_tune.analysis.tables import Tables
    from ssc_tune.design.look_source import Source
    from ssc_tune.execution.execute import Outcome
    from ssc_tune.execution.listening import Listener
    from ssc_tune.tracking import Tracker


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    num_failed: int  # cells that failed, or that their machine lost
    num_missing: int
    overhead: dict[str, float]
    problems: list[str]


@dataclass(frozen=True)
class Interrupted(Ended):
    """Before its end: the same command goes on."""


@dataclass(frozen=True)
class Unjudged(Ended):
    """With every cell that there is to run, and nothing looked at: a blind run."""


@dataclass(frozen=True)
class Finished(Ended):
    """With verdicts and a report."""

    analysis: StudyAnalysis
    tables: Tables
    files: list[Path]


def train_and_judge(
    study: Study,
    options: Options,
    *,
    stop: threading.Event | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> Finished | Interrupted | Unjudged:
    """Runs what is missing of a study, then judges and reports it; a blind run is neither judged nor reported.

    Args:
        study: the study.
        options: the rest.
        stop: ends the run when it is set.
        out: where results are shown; by default the process's standard output, which else leads to the log.
        err: where progress is shown, likewise.
    """
    if options.system_metrics:
        _check_system_metrics(options)
    began = time.monotonic()
    folder = folder_of(study, options)
    plan = survey(study, options, adopt=True)
    for cell_id in {cell.cell_id for cell in plan.cells} - set(plan.records):
        folder.records.put_aside(cell_id, "retried")
    _, problems = register(study, folder)
    folder.write_json("study.json", stored_study(study, options.command))
    stop = stop or threading.Event()
    log = folder.path / "log.txt"
    addresses = [address for address in (options.tracking_uri, options.optuna_storage) if address]
    with scrubbing(log, *addresses), execution.quiet.output_to(log) as (screen, errors):
        # From here on Ctrl-C sets a flag: as an exception it can be lost in what libraries call while they start.
        with execution.execute.interrupt_sets(stop):
            running = _Run(study, options, folder, plan, out or screen, err or errors)
            running.problems += problems
            running.execute(stop)
        return running.end(began)


class _Run:
    """One run of a study: who takes part in it, and how far it is."""

    def __init__(
        self, study: Study, options: Options, folder: StudyFolder, plan: StudyPlan, out: TextIO, err: TextIO
    ) -> None:
        self.study, self.options, self.folder, self.plan = study, options, folder, plan
        self.out, self.err = out, err
        self.problems = list(plan.problems)
        self.ledger = Ledger(plan.records)
        self.follower: looks.Follower | None = None
        self.source = self._source()
        self.source.open(designs.storage.open_storage(optuna_storage(options.optuna_storage), folder.path))
        self.tracker = None if options.blind else _start_tracker(study, options, folder, err)
        tracked = options.log_models if self.tracker is not None else "none"
        self.retention = Retention(
            folder,
            most(options.keep_checkpoints, tracked),
            looks=study.looks,
            records=plan.records,
            places=placements(plan.cells),
        )
        self.outcome = execution.execute.Outcome(False, execution.execute.num_workers(study), 0.0, [])

    def _source(self) -> Source:
        if self.study.looks:
            self.follower = looks.Follower(self.study, self.ledger.records, self.ledger.score, self.plan.stopped)
            return self.follower.source
        cells = self.plan.cells
        earlier = [(cell.placement, self.study.values_of(cell.config)) for cell in cells if cell.placement.point]
        return designs.cell_source.make_source(self.study, self.ledger.score, earlier)

    def execute(self, stop: threading.Event) -> None:
        """Runs the cells that have no record, and tells everyone."""
        for problem in self.problems:
            print(problem, file=self.err)
        tracked = self._tracked()
        if stop.is_set():
            self.outcome = self.outcome._replace(interrupted=True)
            return
        if not self.source.num_to_run:
            return
        kind = presentation.live.BlindView if self.options.blind else presentation.live.LiveView
        shown = self.follower.cells if self.follower is not None else self.plan.cells
        live = kind(
            self.folder,
            shown,
            self.ledger.records,
            out=self.out,
            err=self.err,
            workers=self.outcome.workers,
            expected=_expected_by_method(self.study),
        )
        with live:
            if self.follower is not None:
                self.follower.watch(live)
            everyone = execution.listening.Everyone(self.ledger, Told(self.source), live, *tracked, self.retention)
            self.outcome = execution.execute.execute(self.study, self.folder, self.source, everyone, stop=stop)
        everyone.close()

    def _tracked(self) -> Sequence[Listener]:
        """MLflow's view, which gets the records that there are at once."""
        if self.tracker is None:
            return ()
        places = placements(self.plan.cells)
        for cell_id, record in self.ledger.records.items():
            self.tracker.cell(record, places[cell_id])
        return (Tracked(self.tracker, places),)

    def end(self, began: float) -> Finished | Interrupted | Unjudged:
        """What the run has come to; ``began`` is when, by the monotonic clock."""
        cells, records = self._cells(), self.ledger.records
        overhead = _overhead(self.ledger.trained, self.outcome)
        problems = [*self.problems, *self.outcome.problems]
        missing = len({cell.cell_id for cell in cells} - set(records))
        if self.outcome.interrupted:
            if self.tracker is not None:
                self.tracker.finish(None, [], timeout=20)
            return Interrupted(self.ledger.num_failed, missing, overhead, problems)
        if self.options.blind:
            return Unjudged(self.ledger.num_failed, missing, overhead, problems)
        analysis, tables, files = analyse(
            self.study,
            self.folder,
            cells,
            records,
            command=self.options.command,
            overhead=overhead,
            hints=hints_of(self.study, self.options),
        )
        not_tracked = self._finish_tracking(analysis, tables, files)
        if not not_tracked:  # else ``ssc-tune sync`` may want them
            self.retention.end(self.options.keep_checkpoints, tables.best_cells().values())
        problems += not_tracked
        overhead["total wall seconds"] = time.monotonic() - began
        return Finished(self.ledger.num_failed, missing, overhead, problems, analysis, tables, files)

    def _cells(self) -> list[Cell]:
        """The cells of the study up to where it has stopped."""
        cells = list(self.source.cells)
        stopped = looks.stop_of(self.study, cells, self.ledger.records)
        return cells if stopped is None else looks.until(cells, stopped.points)

    def _finish_tracking(self, analysis: StudyAnalysis, tables: Tables, files: list[Path]) -> list[str]:
        if self.tracker is None:
            return []
        models = tracking.models_of(self.folder, self.ledger.records, self.options.log_models, tables.best_of_methods())
        return list(self.tracker.finish(analysis, files, timeout=180, models=models).problems)


def _expected_by_method(study: Study) -> dict[str, int] | None:
    if not study.design.adaptive:
        return None
    each = (study.design.num_proposed + 1) * study.seeds * len(study.setting_names)
    return {m: each * sum(m in study.block_methods(b) for b in study.blocks) for m in study.methods}


def _overhead(trained: float, outcome: Outcome) -> dict[str, float]:
    if not outcome.seconds:
        return {}
    return {
        "workers": float(outcome.workers),
        "wall seconds": outcome.seconds,
        "training seconds": trained,
        "share of worker time inside training": trained / (outcome.seconds * outcome.workers),
    }


def _check_system_metrics(options: Options) -> None:
    if options.tracking_uri == "none":
        raise InputError("--system-metrics: nothing is tracked with --tracking-uri none; leave one of the two out")
    tracking.check_system_metrics()


def _start_tracker(study: Study, options: Options, folder: StudyFolder, err: TextIO) -> Tracker | None:
    if options.tracking_uri == "none":
        return None
    uri = tracking_uri(options.tracking_uri)
    tracker = tracking.Tracker(
        uri,
        study,
        directory=folder.path,
        user_uri_is_default=uri == tracking.DEFAULT_URI,
        system_metrics=options.system_metrics,
        on_problem=lambda text: print(text, file=err, flush=True),
    )
    tracker.start()
    return tracker
