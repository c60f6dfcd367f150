"""One run of a study under way: who takes part in it, and what it has come to."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ssc_tune import design as designs
from ssc_tune import execution, presentation, report, tracking
from ssc_tune.design.cells import Cell, placements
from ssc_tune.records import StudyFolder
from ssc_tune.records.mirrored import pull
from ssc_tune.running import looks
from ssc_tune.running.ended import Finished, Interrupted, Unjudged
from ssc_tune.running.judge import analyse, prepare
from ssc_tune.running.listeners import AtWork, Ledger, NearEnd, Told, Tracked
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
    from ssc_tune.report.drawers import Drawers
    from ssc_tune.tracking import Tracker
    from ssc_tune.tracking.model import Models


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
        self._ray = contextlib.ExitStack()  # what is left of it once all cells have ended
        self._drawers: Drawers | None = None
        self._models: Models | None = None  # those to log, once they are known
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
            self._open_points(lambda line: print(line, file=self.err))
        if stop.is_set() or not self.source.num_to_run:
            self._begin_tracking()
            if stop.is_set():
                self.outcome = self.outcome._replace(interrupted=True)
                self._signal = _signal_of(stop)
            return
        live = self._make_view()
        at_work = AtWork(self.folder, self._begin_the_rest)
        with live, at_work.watched():
            if self.follower is not None:
                self.follower.watch(live)
            told: Sequence[Listener] = (self.ledger, Told(self.source), live, at_work, *tracked, self.retention)
            everyone = execution.listening.Everyone(*told, NearEnd(self.source, self._start_drawers), say=live.tell)
            self.outcome = execution.execute.execute(
                self.study,
                self.folder,
                self.source,
                everyone,
                stop=stop,
                launch=launch,
                place=self.place,
                screen=live,
                meanwhile=lambda: None if searches else self._open_points(live.tell),
                left=self._ray,
            )
            self._reconcile(everyone)
        self._signal = _signal_of(stop)
        everyone.close()
        self.problems += everyone.problems

    def _make_view(self) -> LiveView:
        kind = presentation.live.BlindView if self.options.blind else self.view or presentation.live.LiveView
        return kind(
            self.folder,
            self.follower.cells if self.follower is not None else self.plan.cells,
            self.ledger.records,
            out=self.out,
            err=self.err,
            workers=self.outcome.workers,
            expected=_expected_by_method(self.study),
        )

    def _begin_the_rest(self) -> None:
        """What would take the time in which workers start: MLflow's view, and importing what the end needs."""
        self._begin_tracking()
        threading.Thread(target=prepare, name="prepare", daemon=True).start()

    def _start_drawers(self) -> None:
        if self._drawers is None and not self.options.blind:
            self._drawers = report.drawers.Drawers(meanwhile=self._let_go_of_ray)

    def _let_go_of_ray(self) -> None:
        with execution.signals.put_off():
            self._ray.close()

    def close(self) -> None:
        """Ends the processes that the run has beside its own."""
        if self._drawers is not None:
            self._drawers.close()
        self._ray.close()

    def _begin_tracking(self) -> None:
        if self.tracker is not None:
            self.tracker.start()

    def _open_points(self, say: Callable[[str], None]) -> None:
        """Opens the Optuna storage of the points."""
        storage = optuna_storage(self.options.optuna_storage)
        problems = designs.storage.open_source(self.source, storage, self.folder.path)
        for problem in problems:
            say(problem)
        self.problems += problems

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
        if self.outcome.seconds:  # something was run, so that there is something new to draw
            self._start_drawers()
        judged = analyse(
            self.study,
            self.folder,
            cells,
            records,
            command=self.options.command,
            overhead=overhead,
            hints=hints_of(self.study, self.options),
            again=False,
            drawers=self._drawers,
            judged=self._track_verdicts,
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
        self._ray.close()
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

    def _track_verdicts(self, analysis: StudyAnalysis, tables: Tables) -> None:
        """Has MLflow get them while they are drawn."""
        if self.tracker is not None:
            self.tracker.found(analysis, self._models_of(tables))

    def _finish_tracking(self, analysis: StudyAnalysis, tables: Tables, files: list[Path]) -> list[str]:
        if self.tracker is None:
            return []
        return list(self.tracker.finish(analysis, files, timeout=180, models=self._models_of(tables)).problems)

    def _models_of(self, tables: Tables) -> Models:
        """The models to log; their checkpoints are looked for, and fetched from a bucket, once."""
        if self._models is None:
            records, best = self.ledger.records, tables.best_of_methods()
            self._models, _ = tracking.models_of(self.folder, records, self.options.log_models, best)
        return self._models


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
