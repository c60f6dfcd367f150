"""Ray and Ray Tune, and the pieces Tune is given: a searcher that hands out cells, a stopper, and the trainable.

Like ``cluster``, ``start`` and ``deaths`` it imports ray, at the top, and is itself imported on first use.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import ray
from ray import tune
from ray.air._internal import usage
from ray.tune import Stopper
from ray.tune.search import Searcher

from ssc_tune import execution
from ssc_tune.data import cache
from ssc_tune.design.cells import Cell
from ssc_tune.design.look_source import Source
from ssc_tune.execution.cluster import Room
from ssc_tune.execution.deaths import Deaths, Faults, Halt, end_worker
from ssc_tune.execution.execute import SCRATCH, Launched
from ssc_tune.execution.listening import Listener
from ssc_tune.execution.preflight import Driver, look
from ssc_tune.execution.scheduling import KeepStarting, NoProgress
from ssc_tune.execution.task import STANDSTILL, Task, make_task
from ssc_tune.execution.vigil import Vigil
from ssc_tune.execution.watchdog import interval, signs_folder
from ssc_tune.records import StudyFolder
from ssc_tune.recurring import every
from ssc_tune.study.model.study import Study

# Ray counts kinds of callbacks for those who make it, and imports MLflow to know its own one for it.
usage.tag_callbacks = lambda callbacks: False


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
        node = ray.get_runtime_context().get_node_id()
        ended = execution.worker.run_task(Task.model_validate(self._task), node=node)
        return {"done": True, METRIC: 1, "status": ended.status, FAULT: ended.fault}


METRIC = "ended"
"""What each trial reports, since Tune ends an experiment of which one trial reports no metric."""
FAULT = "fault"
"""What a trial reports of its machine: how it has failed the cell, or nothing."""


class StopOn(Stopper):
    """Ends the whole launch once an event is set, at once: a worker in the middle of a cell is not waited for.

    It ends as well once the machines fail every cell.
    """

    def __init__(self, event: threading.Event, faults: Faults) -> None:
        self._event, self._faults = event, faults

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """No single trial is ever stopped."""
        return False

    def stop_all(self) -> bool:
        """Never says so: Tune would wait for its workers.

        Raises:
            KeyboardInterrupt: the event is set.
            Halt: the machines fail every cell.
        """
        if self._event.is_set():
            raise KeyboardInterrupt
        if self._faults.halted:
            raise Halt(self._faults.last)
        return False

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._event, self._faults = threading.Event(), Faults(1, print)


class CellSearcher(Searcher):
    """Gives each of Tune's trials a cell of the source, and tells the source when its record is there.

    Args:
        study: the study.
        folder: of its records.
        source: what is to be run.
        listener: is told what begins and ends.
        launched: cells that were handed out and have no record yet, kept here.
        faults: is told of what machines do wrong.
        token: of the launch.
        most: tells how many cells may be out at once; no limit where absent.
    """

    def __init__(
        self,
        study: Study,
        folder: StudyFolder,
        source: Source,
        listener: Listener,
        launched: dict[str, Cell],
        faults: Faults,
        token: str,
        most: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(metric=METRIC, mode="max")
        self._most = most
        self._study, self._folder, self._source = study, folder, source
        self._listener, self._launched = listener, launched
        self._faults, self._token = faults, token
        self.cells: dict[str, Cell] = {}  # of every trial, those that have ended too
        self._out: set[str] = set()  # trials that have not

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune stores its searcher for a restore that never happens."""
        return {}

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """The next cell as a trial's configuration; none while there is nothing to do."""
        if self._most is not None and len(self._out) >= self._most():
            return None
        cell = self._source.next()
        if cell is None:
            finished: Any = Searcher.FINISHED
            return cast("dict[str, Any]", finished)
        if isinstance(cell, str):
            return None
        self.cells[trial_id] = cell
        self._out.add(trial_id)
        self._launched[cell.cell_id] = cell
        self._listener.started(cell)
        return {"task": make_task(self._study, self._folder, cell, launch=self._token).model_dump(mode="json")}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Reads the record of the cell; of Tune's own result only what the machine has done is looked at."""
        if trial_id not in self._out:
            return
        self._out.remove(trial_id)
        cell = self.cells[trial_id]
        self._faults.ended(str((result or {}).get(FAULT, "")))
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


def _tuner(
    study: Study, room: Room, searcher: CellSearcher, stopper: StopOn, deaths: Deaths, *, samples: int, scratch: Path
) -> tune.Tuner:
    """Tune over what the searcher gives out."""
    return tune.Tuner(
        tune.with_resources(tune.with_parameters(CellTrainable, driver=room.driver), dict(room.asked)),
        tune_config=tune.TuneConfig(
            metric=METRIC,
            mode="max",
            num_samples=samples,
            search_alg=searcher,
            scheduler=KeepStarting(),  # type: ignore[no-untyped-call]
            reuse_actors=True,
            max_concurrent_trials=room.limit,
        ),
        run_config=tune.RunConfig(
            name=f"launch-{time.time_ns()}",
            storage_path=str(scratch),
            failure_config=tune.FailureConfig(max_failures=study.retries + 1),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            stop=stopper,
            callbacks=[deaths, NoProgress()],
            progress_reporter=tune.CLIReporter(),  # that of notebooks clears what the cell has shown
            verbose=0,
        ),
    )


def launch(
    study: Study,
    folder: StudyFolder,
    source: Source,
    listener: Listener,
    *,
    stop: threading.Event,
    launched: dict[str, Cell],
    room: Room,
    token: str,
    say: Callable[[str], None],
) -> Launched:
    """One fresh Tuner over what the source gives out."""
    # A search is asked for one point ahead, so that it knows as much as it can of the earlier ones.
    most = (lambda: room.workers() + 1) if study.design.adaptive else None
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(room.pending())
    faults = Faults(2 * room.workers() + 2, say)
    searcher = CellSearcher(study, folder, source, listener, launched, faults, token, most)
    scratch = (folder.path / SCRATCH / token).absolute()
    timeout = study.timeout or STANDSTILL
    vigil = Vigil(signs_folder(folder.path, token), timeout, lambda who, s: end_worker(folder, who, s, say))
    deaths = Deaths(folder, searcher.cells, say)
    try:
        with every(interval(timeout), vigil.look, name="vigil"):
            stopper = StopOn(stop, faults)
            _tuner(study, room, searcher, stopper, deaths, samples=source.num_to_run, scratch=scratch).fit()
    except KeyboardInterrupt:
        stop.set()
    except Halt as halt:
        return Launched(str(halt), halted=True)
    except Exception as error:
        return Launched(f"{type(error).__name__}: {error}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Launched(death=deaths.tally.last)
