"""The pieces that Ray Tune is given: a searcher that hands out cells, a stopper, and the trainable.

This module imports ray at the top; it is itself imported late.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ray import tune
from ray.tune import Stopper
from ray.tune.search import Searcher

from ssc_tune.design.cells import Cell
from ssc_tune.design.look_source import Source
from ssc_tune.records import StudyFolder

if TYPE_CHECKING:
    from ssc_tune.execution.listening import Listener


class CellTrainable(tune.Trainable):
    """Runs one cell a trial in a worker process, which serves many cells one after another.

    A class and not a function: Tune runs a function in a thread and waits a second for its errors at the end of each.
    """

    def setup(self, config: dict[str, Any]) -> None:
        """Called in a new worker process, with its first cell."""
        self._task: dict[str, Any] = config["task"]

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Called before each further cell; nothing is kept of the last one."""
        self._task = new_config["task"]
        return True

    def step(self) -> dict[str, Any]:
        """The whole cell."""
        from ssc_tune.execution.task import Task
        from ssc_tune.execution.worker import run_task

        status = run_task(Task.model_validate(self._task))
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


class CellSearcher(Searcher):
    """Gives each of Tune's trials a cell of the source, and tells the source when its record is there."""

    def __init__(
        self,
        source: Source,
        folder: StudyFolder,
        listener: Listener,
        task: Callable[[Cell], dict[str, Any]],
        launched: dict[str, Cell],
    ) -> None:
        super().__init__(metric=METRIC, mode="max")
        self._source, self._folder, self._listener, self._task = source, folder, listener, task
        self._launched = launched
        self._cells: dict[str, Cell] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune stores its searcher for a restore that never happens."""
        return {}

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """The next cell as a trial's configuration; none while there is nothing to do."""
        cell = self._source.next()
        if cell is None:
            finished: Any = Searcher.FINISHED
            return cast("dict[str, Any]", finished)
        if isinstance(cell, str):
            return None
        self._cells[trial_id] = cell
        self._launched[cell.cell_id] = cell
        self._listener.started(cell)
        return {"task": self._task(cell)}

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
