"""One run of a study under way: who takes part in it, and what it has come to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ssc_tune import design as designs
from ssc_tune import execution, presentation, tracking
from ssc_tune.design.cells import Cell, placements
from ssc_tune.records import StudyFolder
from ssc_tune.records.mirrored import pull
from ssc_tune.running import looks
from ssc_tune.running.ended import Finished, Interrupted, Unjudged
from ssc_tune.running.judge import analyse, prepare
from ssc_tune.running.listeners import Ledger, Told, Tracked
from ssc_tune.running.options import Options, hints_of, optuna_storage, tracking_uri
from ssc_tune.running.plan import StudyPlan
from ssc_tune.running.retention import Retention, most
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    from ssc_tune.analysis.result import StudyAnalysis
    from ssc_tune.analysis.tables import Tables
    from ssc_tune.design.look_source import Source
    from ssc_tune.execution.execute import Outcome
    from ssc_tune.execution.listening import Listener
    from ssc_tune.execution.place import Place
    from ssc_tune.presentation.live import LiveView
    from ssc_tune.tracking import Tracker


class Run:
    """One run of a study: who takes part in it, and how far it is."""

    def __init__(
        self,
        study: Study,
        options: Options,
        place: Place,
        folder: StudyFolder,
        plan: StudyPlan,
        out: TextIO,
        err: TextIO,
        view: type[LiveView] | None = None,
    ) -> None:
        self.study, self.options, self.place, self.folder, self.plan = study, options, place, folder, plan
        self.out, self.err, self.view = out, err, view
        self.problems = list(plan.problems)
        self.ledger = Ledger(plan.records)
        self.follower: looks.Follower | None = None
        self.source = self._source()
        self.tracker = None if options.blind else _make_tracker(study, options, folder, err)
        tracked = options.log_models if self.tracker is not None else "none"
        self.retention = Retention(
            folder,
            most(options.keep_checkpoints, tracked),
            looks=study.looks,
            records=plan.records,
            places=placements(plan.cells),
        )
        self._signal: int | None = None
        self.outcome = execution.execute.Outcome(False, 1, 0.0, [])

    def _source(self) -> Source:
        if self.study.looks:
            self.follower = looks.Follower(self.study, self.ledger.records, self.ledger.score, self.plan.stopped)
            return self.follower.source
        cells = self.plan.cells
        earlier = [(cell.placement, self.study.values_of(cell.config)) for cell in cells if cell.placement.point]
        return designs.cell_source.make_source(self.study, self.ledger.score, earlier)

    def execute(self, stop: threading.Event, launch: str) -> None:
        """Runs the cells that have no record, and tells everyone."""
        for problem in self.problems:
            print(problem, file=self.err)
        tracked = self._tracked()
        searches = self.study.design.adaptive  # they know what is to be run once their storage is open
        if stop.is_set() or searches or not self.source.num_to_run:
            self._open_views(lambda line: print(line, file=self.err))
        if stop.is_set():
            self.outcome = self.outcome._replace(interrupted=True)
            self._signal = _signal_of(stop)
            return
        if not self.source.num_to_run:
            return
        kind = presentation.live.BlindView if self.options.blind else self.view or presentation.live.LiveView
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
            everyone = execution.listening.Everyone(
                self.ledger, Told(self.source), live, *tracked, self.retention, say=live.tell
            )
            self.outcome = execution.execute.execute(
                self.study,
                self.folder,
                self.source,
                everyone,
                stop=stop,
                launch=launch,
                place=self.place,
                screen=live,
                meanwhile=lambda: self._get_ready(None if searches else live.tell),
            )
            self._reconcile(everyone)
        self._signal = _signal_of(stop)
        everyone.close()
        self.problems += everyone.problems

    def _get_ready(self, say: Callable[[str], None] | None) -> None:
        """While Ray starts: opens the views, unless they are, and begins to import what the end needs."""
        if say is not None:
            self._open_views(say)
        threading.Thread(target=prepare, name="prepare", daemon=True).start()

    def _open_views(self, say: Callable[[str], None]) -> None:
        """Opens the Optuna storage of the points, and lets MLflow's view begin."""
        storage = optuna_storage(self.options.optuna_storage)
        problems = designs.storage.open_source(self.source, storage, self.folder.path)
        for problem in problems:
            say(problem)
        self.problems += problems
        if self.tracker is not None:
            self.tracker.start()

    def _reconcile(self, everyone: Listener) -> None:
        """Tells of the records that are there and that nobody has told of, whoever wrote them."""
        pull(self.folder.storage, self.study.name)
        waiting = {c.cell_id: c for c in self.source.cells if c.cell_id not in self.ledger.records}
        found, _ = self.folder.records.read_many(waiting, set_aside=False)
        for cell_id, record in found.items():
            everyone.finished(waiting[cell_id], record)

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
        if self.outcome.interrupted:
            return self.interrupted(self._signal)
        cells, records = self._cells(), self.ledger.records
        overhead = _overhead(self.ledger.trained, self.outcome)
        problems = [*self.problems, *self.outcome.problems]
        missing = self._num_missing(cells)
        if self.options.blind:
            return Unjudged(*self.ledger.num_failed_and_lost, missing, overhead, problems)
        judged = analyse(
            self.study,
            self.folder,
            cells,
            records,
            command=self.options.command,
            overhead=overhead,
            hints=hints_of(self.study, self.options),
            again=False,
        )
        analysis, tables, files = judged[:3]
        not_tracked = self._finish_tracking(analysis, tables, files)
        if not not_tracked:  # else ``ssc-tune sync`` may want them
            self.retention.end(self.options.keep_checkpoints, tables.best_cells().values())
        problems += judged.problems + not_tracked
        overhead["total wall seconds"] = time.monotonic() - began
        return Finished(*self.ledger.num_failed_and_lost, missing, overhead, problems, analysis, tables, files)

    def interrupted(self, signal: int | None) -> Interrupted:
        """What the run has come to where it was cut short, by a signal or otherwise."""
        problems = [*self.problems, *self.outcome.problems]
        if self.tracker is not None:
            self.tracker.finish(None, [], timeout=20)
        overhead = _overhead(self.ledger.trained, self.outcome)
        return Interrupted(
            *self.ledger.num_failed_and_lost, self._num_missing(self._cells()), overhead, problems, signal
        )

    def _num_missing(self, cells: Sequence[Cell]) -> int:
        return len({cell.cell_id for cell in cells} - set(self.ledger.records))

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


def _signal_of(stop: threading.Event) -> int | None:
    return stop.number if isinstance(stop, execution.signals.Stop) else None


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


def _make_tracker(study: Study, options: Options, folder: StudyFolder, err: TextIO) -> Tracker | None:
    if options.tracking_uri == "none":
        return None
    uri = tracking_uri(options.tracking_uri)

    def say(text: str) -> None:
        print(text, file=err, flush=True)

    tracker = tracking.Tracker(
        uri,
        study,
        directory=folder.path,
        system_metrics=options.system_metrics,
        on_problem=say,
        on_wait=say,
    )
    return tracker
