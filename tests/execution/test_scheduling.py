"""What Tune keeps of trials that have ended, as it really is: the driver's memory does not grow with them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import gc, json, os, sys
from ssc_tune.execution.place import HERE, keep_token_private, set_environment
set_environment(HERE)
keep_token_private(make=True)
from ray import tune
from ray.tune.experiment import Trial
from ray.tune.search import Searcher
from ssc_tune.execution import scheduling, start

most = [0]

class Cells(Searcher):
    def suggest(self, trial_id):
        return {"number": 1}
    def on_trial_complete(self, trial_id, result=None, error=False):
        if error or len(ended) % 50 == 0:
            gc.collect()
            most[0] = max(most[0], sum(isinstance(o, Trial) for o in gc.get_objects()))
        ended.append(error)
    def save(self, path): pass
    def restore(self, path): pass

class Cell(tune.Trainable):
    def step(self):
        return {"done": True, "x": 1}
    def reset_config(self, new_config):
        return True

ended = []
scheduling.KEPT = 20
with start.ray_started(address="local", num_cpus=2, include_dashboard=False, object_store_memory=100_000_000):
    found = tune.Tuner(
        Cell,
        tune_config=tune.TuneConfig(
            metric="x", mode="max", num_samples=220, search_alg=Cells(metric="x", mode="max"),
            scheduler=scheduling.KeepStarting(), reuse_actors=True),
        run_config=tune.RunConfig(
            name="it", storage_path=sys.argv[1], verbose=0, callbacks=[scheduling.NoProgress()],
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False)),
    ).fit()
print(json.dumps({"ended": len(ended), "errors": sum(ended), "most": most[0]}))
"""


@pytest.mark.slow
def test_trials_that_have_ended_are_forgotten(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "RAY_AUTH_TOKEN_PATH": str(tmp_path / "token")},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["ended"], found["errors"]) == (220, 0)
    assert found["most"] < 60  # 220 with Tune's own callback, or without forget_ended


@pytest.mark.slow
def test_a_ray_that_calls_its_own_otherwise_is_asked_as_usual() -> None:
    from ssc_tune.execution.scheduling import KeepStarting

    class Controller:
        """Of another version: what is used of this one's inside is not there."""

        _tune_controller = object()

        def get_trials(self) -> list[object]:
            return []

    assert KeepStarting().choose_trial_to_run(Controller()) is None  # type: ignore[no-untyped-call]
