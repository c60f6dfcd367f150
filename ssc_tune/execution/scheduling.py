"""Which of Tune's trials gets a free worker, and what Tune forgets of those that have ended.

Like ``tuning`` it imports ray at the top. Tune has no public word for either; tests/execution/test_scheduling.py holds
what is used of it.
"""

from __future__ import annotations

from typing import Any

from ray.tune.experiment import Trial
from ray.tune.progress_reporter import TrialProgressCallback
from ray.tune.schedulers import FIFOScheduler

KEPT = 100
"""Trials that have ended and that Tune may still know."""


class KeepStarting(FIFOScheduler):
    """A worker that is free takes the first trial that waits for one, and leaves those whose own is being started.

    Tune's own scheduler gives the free worker the oldest trial and ends the process that was being started for it, and
    then begins another for the next: where cells take no longer than a process to start, a worker that was lost once,
    or let go while a look was judged, is never replaced.
    """

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """The oldest trial that waits and has no worker under way; none where there is none."""
        try:
            controller = tune_controller._tune_controller
            if len(controller._stopped_trials) + len(controller._failed_trials) > KEPT:
                forget_ended(controller)
            under_way, manager = controller._trial_to_actor, controller._actor_manager
        except AttributeError:  # a version of Ray that calls them otherwise: slower to replace workers, and no smaller
            return super().choose_trial_to_run(tune_controller)
        waiting = (trial for trial in tune_controller.get_trials() if trial.status == Trial.PENDING)
        return next((t for t in waiting if t not in under_way or not manager.is_actor_started(under_way[t])), None)


def forget_ended(controller: Any) -> None:
    """Lets Tune forget trials that have ended, which it keeps with all that they reported, some 35 KiB each.

    Nothing is read of them: a cell's record is on the disk before its trial ends.
    """
    ended = (controller._stopped_trials | controller._failed_trials) - controller._trial_to_actor.keys()
    for kept in (controller._stopped_trials, controller._failed_trials, controller._trials_to_cache):
        kept -= ended
    for queue in (controller._trials, controller._pending_trials_list):
        queue[:] = [trial for trial in queue if trial not in ended]
    for trial in ended:
        controller._trial_metadata.pop(trial.trial_id, None)


class NoProgress(TrialProgressCallback):
    """In the place of the callback that Tune adds where there is none, which prints nothing here and keeps trials."""

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **_: Any
    ) -> None:
        """Nothing is kept."""

    def on_trial_error(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:
        """Nothing is kept."""

    def on_trial_complete(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:
        """Nothing is kept."""
