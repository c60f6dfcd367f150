"""The runs of one experiment: looked up once, then created and changed only where something differs."""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ssc_tune.tracking.client import mlflow
from ssc_tune.tracking.content import MetricRow

MAX_METRICS, MAX_PARAMETERS, MAX_TAGS = 1000, 100, 100  # of one log_batch
PAGE = 1000

ACCURACY = "test_accuracy"
"""The one metric of cells that is kept in memory."""

Key = tuple[str, ...]
_NAMED_BY = {
    "cell": ("ssc.cell_id",),
    "study": ("ssc.version",),
    "group": ("ssc.version", "method", "block", "setting"),
}
"""Tags that name a run, by its role."""


@dataclass
class KnownRun:
    """What the store holds of a run, as far as decisions need it. Times in milliseconds."""

    run_id: str
    name: str
    status: str
    end_time: int | None
    tags: dict[str, str]
    artifacts: str = ""  # address of their folder
    metrics: dict[str, float] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


def key_of(tags: Mapping[str, str]) -> Key | None:
    """Which run of a study this is, from its tags; ``None`` for a run that we did not write.

    ``("cell", cell_id)``, ``("study", version)`` or ``("group", version, method, block, setting)``.
    """
    role = tags.get("ssc.role", "")
    names = _NAMED_BY.get(role, ())
    return (role, *(tags[name] for name in names)) if names and all(name in tags for name in names) else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no entry for this user id, as in many containers
        return "unknown"


class RunStore:
    """Reads and writes the runs of one experiment through an ``MlflowClient``. Not for several threads."""

    def __init__(self, client: mlflow.MlflowClient, experiment: str, *, artifact_location: str | None) -> None:
        self.client = client
        found = client.get_experiment_by_name(experiment)
        if found is None:
            self.experiment_id = client.create_experiment(experiment, artifact_location=artifact_location)
            self.experiment_tags: dict[str, str] = {}
        else:
            self.experiment_id = found.experiment_id
            self.experiment_tags = dict(found.tags)
            if found.lifecycle_stage == "deleted":
                client.restore_experiment(found.experiment_id)
        self._known: dict[Key, KnownRun] = {}
        for run in self._search():
            key = key_of(run.data.tags)
            if key is None:
                continue
            if key in self._known:  # of two writers at once, or restored with its experiment after it was replaced
                self.client.delete_run(self._known[key].run_id)
            self._known[key] = self._summary(run, cell=key[0] == "cell")  # the oldest of a key comes last

    def _search(self) -> Iterable[mlflow.entities.Run]:
        token: str | None = None
        while True:
            page = self.client.search_runs([self.experiment_id], max_results=PAGE, page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    @staticmethod
    def _summary(run: mlflow.entities.Run, *, cell: bool) -> KnownRun:
        info, data = run.info, run.data
        values = {name: value for name, value in data.metrics.items() if not cell or name == ACCURACY}
        name, artifacts = info.run_name or "", info.artifact_uri or ""
        known = (info.run_id, name, info.status, info.end_time, dict(data.tags), artifacts, values)
        return KnownRun(*known, dict(data.params))

    def ping(self) -> bool:
        """Whether the store answers."""
        try:
            self.client.get_experiment(self.experiment_id)
        except Exception:  # any failure means the same here: no answer
            return False
        return True

    def find(self, key: Key) -> KnownRun | None:
        """The run of a key, if there is one."""
        return self._known.get(key)

    def cells(self) -> list[KnownRun]:
        """The runs of all cells, those of other versions of the study too."""
        return [run for key, run in self._known.items() if key[0] == "cell"]

    def create(self, *, name: str, tags: Mapping[str, str], start_time: int) -> KnownRun:
        """A new run in state RUNNING. ``tags`` must name its key, so that a crash from here on leaves no duplicate."""
        key = key_of(tags)
        assert key is not None, tags
        source = {"mlflow.user": _user(), "mlflow.source.name": "ssc-tune", "mlflow.source.type": "LOCAL"}
        run = self.client.create_run(self.experiment_id, start_time, tags={**source, **tags}, run_name=name)
        self._known[key] = self._summary(run, cell=False)
        return self._known[key]

    def delete(self, key: Key) -> None:
        """Put a run into MLflow's bin."""
        self.client.delete_run(self._known[key].run_id)
        del self._known[key]

    def rename(self, run: KnownRun, name: str) -> bool:
        """Give the run this name; whether it had another."""
        if run.name == name:
            return False
        self.client.update_run(run.run_id, name=name)
        run.name = run.tags["mlflow.runName"] = name
        return True

    def tag(self, run: KnownRun, tags: Mapping[str, str]) -> bool:
        """Set the tags that differ; whether there were any."""
        changed = {name: value for name, value in tags.items() if run.tags.get(name) != value}
        self.log(run, tags=changed)
        return bool(changed)

    def untag(self, run: KnownRun, name: str) -> bool:
        """Remove a tag; whether it was there."""
        if run.tags.pop(name, None) is None:
            return False
        self.client.delete_tag(run.run_id, name)
        return True

    def describe(self, run: KnownRun, parameters: Mapping[str, str]) -> bool:
        """Give the run those of the parameters that it has not; whether there were any. MLflow lets none be changed."""
        known = len(run.parameters)
        self.log(run, parameters=parameters)
        return len(run.parameters) > known

    def untag_experiment(self, name: str) -> None:
        """Remove a tag of the experiment."""
        self.client.delete_experiment_tag(self.experiment_id, name)
        del self.experiment_tags[name]

    def tag_experiment(self, tags: Mapping[str, str]) -> None:
        """Set the experiment's tags that differ."""
        for name, value in tags.items():
            if self.experiment_tags.get(name) != value:
                self.client.set_experiment_tag(self.experiment_id, name, value)
                self.experiment_tags[name] = value

    def log(
        self,
        run: KnownRun,
        *,
        metrics: Sequence[MetricRow] = (),
        parameters: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write all of it, of parameters those that the run has not, in as few batches as MLflow's limits allow."""
        entities = mlflow.entities
        new = {name: value for name, value in (parameters or {}).items() if name not in run.parameters}
        left_metrics = [entities.Metric(row.key, row.value, row.timestamp, row.step) for row in metrics]
        left_parameters = [entities.Param(name, value) for name, value in new.items()]
        left_tags = [entities.RunTag(name, value) for name, value in (tags or {}).items()]
        while left_metrics or left_parameters or left_tags:
            few = left_parameters[:MAX_PARAMETERS], left_tags[:MAX_TAGS]
            room = MAX_METRICS - len(few[0]) - len(few[1])
            self.client.log_batch(run.run_id, left_metrics[:room], *few)
            left_metrics, left_parameters = left_metrics[room:], left_parameters[MAX_PARAMETERS:]
            left_tags = left_tags[MAX_TAGS:]
        run.tags.update(tags or {})
        run.parameters.update(new)

    def log_latest(self, run: KnownRun, values: Mapping[str, float], timestamp: int) -> None:
        """Log the values that differ from the latest ones.

        MLflow shows the largest value among those of the newest time, so that a value that replaces another of the same
        key gets the present as its time; first values get ``timestamp``.
        """
        changed = {name: value for name, value in values.items() if run.metrics.get(name) != value}
        now = round(time.time() * 1000)
        rows = [MetricRow(n, v, max(now, timestamp) if n in run.metrics else timestamp, 0) for n, v in changed.items()]
        self.log(run, metrics=rows)
        run.metrics.update(changed)

    def end(self, run: KnownRun, status: str, end_time: int) -> None:
        """End the run, unless it has ended so."""
        if (run.status, run.end_time) != (status, end_time):
            self.client.set_terminated(run.run_id, status, end_time)
            run.status, run.end_time = status, end_time

    def reopen(self, run: KnownRun) -> None:
        """Back to RUNNING."""
        if run.status != "RUNNING":
            self.client.update_run(run.run_id, status="RUNNING")
            run.status = "RUNNING"
