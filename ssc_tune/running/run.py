"""Runs what is missing of a study, then judges and reports it."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, TextIO

from ssc_tune import execution, tracking
from ssc_tune.errors import InputError
from ssc_tune.masking import scrubbing
from ssc_tune.records import StudyFolder
from ssc_tune.records.lease import lease_of
from ssc_tune.records.mirrored import keep_course, pull
from ssc_tune.running import under_way
from ssc_tune.running.changes import keep
from ssc_tune.running.ended import Finished, Interrupted, Unjudged
from ssc_tune.running.options import Options, folder_of, make_storage
from ssc_tune.running.plan import StudyPlan, survey
from ssc_tune.running.registration import register
from ssc_tune.running.unused import confirm
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    from ssc_tune.execution.place import Place
    from ssc_tune.presentation.live import LiveView


def train_and_judge(
    study: Study,
    options: Options,
    *,
    stop: threading.Event | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
    view: type[LiveView] | None = None,
) -> Finished | Interrupted | Unjudged:
    """Runs what is missing of a study, then judges and reports it; a blind run is neither judged nor reported.

    Args:
        study: the study.
        options: the rest.
        stop: ends the run when it is set.
        out: where results are shown; by default the process's standard output, which else leads to the log.
        err: where progress is shown, likewise.
        view: how it is shown; by default as the streams allow.

    Raises:
        InputError: another process runs the study.
    """
    _check_system_metrics(options)
    began = time.monotonic()
    folder, stop = folder_of(study, options), stop or execution.signals.Stop()
    make_storage(folder)
    place = execution.place.place_of(study, options.address, insecure=options.insecure_cluster)
    lost: list[str] = []

    def taken_over(problem: str) -> None:
        lost.append(problem)
        stop.set()

    with lease_of(folder).held(lambda line: print(line, file=err or sys.stderr, flush=True), taken_over) as holder:
        pull(folder.storage)
        plan = survey(study, options, adopt=True)
        problems = _enter(study, options, folder, plan, place)
        log = folder.path / "log.txt"
        addresses = [address for address in (options.tracking_uri, options.optuna_storage) if address]
        with scrubbing(log, *addresses), execution.quiet.output_to(log) as (screen, errors):
            running = under_way.Run(study, options, place, folder, plan, out or screen, err or errors, view)
            running.problems += problems
            with contextlib.closing(running):
                # As an exception a signal can be lost in what libraries call while they start.
                with execution.signals.setting(stop):
                    running.execute(stop, holder.token)
                running.problems += lost
                ended = _to_its_end(running, began)
        ended.problems.extend(keep_course(folder))
        return ended


def _enter(study: Study, options: Options, folder: StudyFolder, plan: StudyPlan, place: Place) -> list[str]:
    """Writes down what is about to be run, before anything is; what is wrong with the registrations, a line each."""
    if plan.num_new:
        place.workers(study)  # refuses what will never have room
    confirm(study.name, plan.changes.unused, yes=options.yes or options.blind)
    for cell_id in plan.unsettled:
        folder.records.put_aside(cell_id, "retried")
    _, problems = register(study, folder)
    keep(study, folder, options.command)
    return problems


def _to_its_end(running: under_way.Run, began: float) -> Finished | Interrupted | Unjudged:
    """What the run has come to; a signal meanwhile leaves everything that can be gone on with."""
    try:
        with execution.signals.raising():
            return running.end(began)
    except KeyboardInterrupt as interruption:
        return running.interrupted(getattr(interruption, "number", None))


def _check_system_metrics(options: Options) -> None:
    if not options.system_metrics:
        return
    if options.tracking_uri == "none":
        raise InputError("--system-metrics: nothing is tracked with --tracking-uri none; leave one of the two out")
    tracking.check_system_metrics()
