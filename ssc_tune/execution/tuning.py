"""Ray and Ray Tune, and the pieces Tune is given: a searcher that hands out cells, a stopper, and the trainable.

Like ``cluster`` it imports ray, at the top, and is itself imported on first use (``execution.tuning``).
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from ray import tune
from ray.tune import Stopper
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from ssc_tune import execution
from ssc_tune.data import cache
from ssc_tune.design.cells import Cell
from ssc_tune.design.look_source import Source
from ssc_tune.execution.cluster import Room
from ssc_tune.execution.listening import Listener
from ssc_tune.execution.preflight import Driver, look
from ssc_tune.execution.task import Task, make_task
from ssc_tune.records import StudyFolder
from ssc_tune.study.model.study import Study


class CellTrainable(tune.Trainable):
    """Runs one cell a trial in a worker process, which serves many cells one after another.

    A class and not a function: Tune runs a function in a thread and waits a second for its errors at the end of each.
    """

    def setup(self, config: dict[str, Any], driver: Driver | None = None) -> None:
        """Called in a new worker process, with its first cell; on a cluster the node is looked at before it.

        Raises:
            RuntimeError: the node is not as the driver's. The driver, which sees the node as well, ends the run.
        """
        if driver is not None:
            if problems := look(driver).problems:
                raise RuntimeError(f"node {socket.gethostname()} {'; '.join(problems)}")
            cache.use(driver.data)
        self._task: dict[str, Any] = config["task"]

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Called before each further cell; nothing is kept of the last one."""
        self._task = new_config["task"]
        return True

    def step(self) -> dict[str, Any]:
        """The whole cell."""
        status = execution.worker.run_task(Task.model_validate(self._task))
        return {"done": True, METRIC: 1, "status": status}


METRIC = "ended"
"""What each trial reports, since Tune ends an experiment of which one trial reports no metric."""


class StopOn(Stopper):
    """Ends the whole launch once an event is set, at once: a worker in the middle of a cell is not waited for."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """No single trial is ever stopped."""
        return False

    def stop_all(self) -> bool:
        """Never says so: Tune would wait for its workers.

        Raises:
            KeyboardInterrupt: the event is set.
        """
        if self._event.is_set():
            raise KeyboardInterrupt
        return False

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._event = threading.Event()


class KeepStarting(FIFOScheduler):
    """A worker that is free takes the first trial that waits for one, and leaves those whose own is being started.

    Tune's own scheduler gives the free worker the oldest trial and ends the process that was being started for it, and
    then begins another for the next: where cells take no longer than a process to start, a worker that was lost once,
    or let go while a look was judged, is never replaced.
    """

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """The oldest trial that waits and has no worker under way; none where there is none."""
        controller = tune_controller._tune_controller  # Tune has no public word for a worker that is being started
        under_way, manager = controller._trial_to_actor, controller._actor_manager
        waiting = (trial for trial in tune_controller.get_trials() if trial.status == Trial.PENDING)
        return next((t for t in waiting if t not in under_way or not manager.is_actor_started(under_way[t])), None)


class CellSearcher(Searcher):
    """Gives each of Tune's trials a cell of the source, and tells the source when its record is there.

    Args:
        study: the study.
        folder: of its records.
        source: what is to be run.
        listener: is told what begins and ends.
        launched: cells that were handed out and have no record yet, kept here.
        most: tells how many cells may be out at once; no limit where absent.
    """

    def __init__(
        self,
        study: Study,
        folder: StudyFolder,
        source: Source,
        listener: Listener,
        launched: dict[str, Cell],
        most: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(metric=METRIC, mode="max")
        self._most = most
        self._study, self._folder, self._source = study, folder, source
        self._listener, self._launched = listener, launched
        self._cells: dict[str, Cell] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune stores its searcher for a restore that never happens."""
        return {}

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """The next cell as a trial's configuration; none while there is nothing to do."""
        if self._most is not None and len(self._cells) >= self._most():
            return None
        cell = self._source.next()
        if cell is None:
            finished: Any = Searcher.FINISHED
            return cast("dict[str, Any]", finished)
        if isinstance(cell, str):
            return None
        self._cells[trial_id] = cell
        self._launched[cell.cell_id] = cell
        self._listener.started(cell)
        return {"task": make_task(self._study, self._folder, cell).model_dump(mode="json")}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Reads the record of the cell; Tune's own result is not looked at."""
        cell = self._cells.pop(trial_id, None)
        if cell is None:
            return
        record, _ = self._folder.records.read_or_set_aside(cell.cell_id)
        if record is None:
            self._source.lost(cell.cell_id)
        else:
            self._launched.pop(cell.cell_id, None)
            self._listener.finished(cell, record)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the records are the state."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: see ``save``."""


def launch(
    study: Study,
    folder: StudyFolder,
    source: Source,
    listener: Listener,
    *,
    stop: threading.Event,
    launched: dict[str, Cell],
    room: Room,
) -> str | None:
    """One fresh Tuner over what the source gives out; returns what went wrong, if anything."""
    # A search is asked for one point ahead, so that it knows as much as it can of the earlier ones.
    most = (lambda: room.workers() + 1) if study.design.adaptive else None
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(room.pending())
    scratch = (folder.path / ".tune").absolute()
    tuner = tune.Tuner(
        tune.with_resources(tune.with_parameters(CellTrainable, driver=room.driver), dict(room.asked)),
        tune_config=tune.TuneConfig(
            metric=METRIC,
            mode="max",
            num_samples=source.num_to_run,
            search_alg=CellSearcher(study, folder, source, listener, launched, most),
            scheduler=KeepStarting(),  # type: ignore[no-untyped-call]
            reuse_actors=True,
            max_concurrent_trials=room.limit,
        ),
        run_config=tune.RunConfig(
            name=f"launch-{time.time_ns()}",
            storage_path=str(scratch),
            failure_config=tune.FailureConfig(max_failures=study.retries + 1),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            stop=StopOn(stop),
            verbose=0,
        ),
    )
    try:
        tuner.fit()
    except KeyboardInterrupt:
        stop.set()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return None
