"""Writes the view of one study. Tracker and sync both write through this class.

How the runs are laid out: one experiment a study, named like it; in it one parent run a study version; under that one
run a method, block and setting; under that one run a cell.

A cell has one run in the experiment, whatever the number of study versions that contain it, found by its tag
``ssc.cell_id``. MLflow gives a run one parent only, so the run hangs under the version that was written last: the one
that is being looked at, whose nested view must be complete. Older versions keep their parent run with its verdicts,
tables and report, and ``ssc.versions`` on each cell lists every version it belongs to. The other two ways are worse:
one run a version and cell duplicates results, so that every chart counts them twice; leaving a shared cell under its
first version makes the newest parent run, of an enlarged study, look half empty.

A cell whose record changed since (it was retried, or trained again), or that stands in another block now, gets a new
run and the old one goes to MLflow's bin, because MLflow can neither change a parameter nor remove a metric. Parameters
and tags that a run of an earlier version of this package has not are added to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.design import Placement
from ssc_tune.presentation.colours import colours
from ssc_tune.presentation.csvs import summary_csv, verdicts_csv
from ssc_tune.records import Registration, StudyFolder
from ssc_tune.records.record import Record
from ssc_tune.records.registrations import registered
from ssc_tune.study.model.study import Study
from ssc_tune.study.registration import plan_hash
from ssc_tune.tracking import charts, content, moved, notes, views
from ssc_tune.tracking.client import artifact_location, mlflow, open_client
from ssc_tune.tracking.content import milliseconds
from ssc_tune.tracking.grouping import Group, groups_of, study_version
from ssc_tune.tracking.model import Models, log_model, model_digest
from ssc_tune.tracking.store import ACCURACY, KnownRun, RunStore
from ssc_tune.training.config import DataConfig

Outcome = Literal["created", "updated", "unchanged"]
_NOTE, _PARENT = "mlflow.note.content", "mlflow.parentRunId"
REGISTRATION_TAG = "registration"
"""Of the parent run: the hash of the plan, once it is registered; the plan is its artifact ``registration.json``."""
_OF_ARTIFACTS = ("ssc.described", "ssc.artifacts", REGISTRATION_TAG)


def _registration(study: Study, directory: Path) -> Registration | None:
    kept, _ = registered(StudyFolder(directory.parent, directory.name))
    digest = plan_hash(study)
    return next((one for one in kept if one.hash == digest), None)


def _dataset(data: DataConfig) -> mlflow.entities.DatasetInput:
    entities = mlflow.entities
    text = json.dumps(data.identity(), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    dataset = entities.Dataset(data.name, digest, "code", json.dumps({"name": data.name}), profile=text)
    return entities.DatasetInput(dataset, [entities.InputTag("mlflow.data.context", "training")])


class Writer:
    """The view of one study in one store. ``uri`` is resolved.

    Raises:
        Exception: whatever MLflow raises when the store cannot be reached; every method may raise the same.
    """

    def __init__(self, uri: str, study: Study, *, directory: Path) -> None:
        client = open_client(uri, directory)
        location = artifact_location(uri, directory, study.name)
        moved.follow(uri, study.name, location)
        self.store = RunStore(client, study.name, artifact_location=location)
        self.study = study
        self.version = study_version(study)
        self._registration = _registration(study, directory)
        self._ends: dict[Group, int] = {}
        self._colours = colours(study)
        self._order = {group: number for number, group in enumerate(groups_of(study))}
        self._parameters = content.study_parameters(study)
        self._tag_experiment()

    def _tag_experiment(self) -> None:
        tags = {"mlflow.experimentKind": "custom_model_development", "ssc.study": self.study.name}
        shown = views.tags(self.study, self.version)
        if _NOTE not in self.store.experiment_tags:
            tags[_NOTE] = self._experiment_note(None)
        self.store.tag_experiment(tags | shown)
        for name in views.outdated(self.store.experiment_tags, shown):
            self.store.untag_experiment(name)

    def _experiment_note(self, analysis: StudyAnalysis | None) -> str:
        return notes.experiment_note(self.study, self.version, analysis, links=self._links())

    def _links(self) -> list[notes.Link]:
        return views.links(self.study, self.version, self.store)

    def parent(self, start_time: float) -> KnownRun:
        """The parent run of this version, made if it is missing; ``start_time`` in seconds."""
        run = self.store.find(("study", self.version))
        if run is None:
            tags = {
                "ssc.role": "study",
                "ssc.version": self.version,
                "study": self.study.name,
                charts.CHART_TAG: charts.study_tag(self.version),
                _NOTE: notes.study_note(self.study, self.version, None, links=self._links()),
            }
            name = f"{self.study.name} · version {self.version}"
            run = self.store.create(name=name, tags=tags, start_time=milliseconds(start_time))
        if not moved.has_artifacts(run.artifacts):  # what is said to be among them is written again
            for tag in _OF_ARTIFACTS:
                run.tags.pop(tag, None)
        if "ssc.described" not in run.tags:
            self.store.client.log_text(run.run_id, self.study.model_dump_json(indent=2, by_alias=True), "study.json")
            self.store.tag(run, {"ssc.described": "yes"})
        self.store.tag(run, {charts.CHART_TAG: charts.study_tag(self.version)})
        self.store.describe(run, self._parameters)
        if self._registration is not None and run.tags.get(REGISTRATION_TAG) != self._registration.hash:
            self.store.client.log_text(run.run_id, self._registration.model_dump_json(indent=2), "registration.json")
            self.store.tag(run, {REGISTRATION_TAG: self._registration.hash})
        return run

    def _group(self, group: Group, start_time: float) -> KnownRun:
        run = self.store.find(("group", self.version, *group))
        links = {
            _PARENT: self.parent(start_time).run_id,  # differs if someone deleted the parent run
            charts.CHART_TAG: charts.group_tag(self._order.get(group, len(self._order)), self.version),
            **self._colour(run, group.method),
        }
        if run is None:
            note = notes.group_note(self.study, group, None)
            tags = {"ssc.role": "group", "ssc.version": self.version, **group._asdict(), **links, _NOTE: note}
            name = content.group_name(self.study, group)
            run = self.store.create(name=name, tags=tags, start_time=milliseconds(start_time))
        self.store.tag(run, links)
        self.store.describe(run, content.group_parameters(self.study, group))
        return run

    def _colour(self, run: KnownRun | None, method: str) -> dict[str, str]:
        """The method's colour, unless the run has one: people can choose another in the UI."""
        has_one = run is not None and charts.COLOUR_TAG in run.tags
        return {} if has_one else {charts.COLOUR_TAG: self._colours[method]}

    def write_cell(self, record: Record, placements: Sequence[Placement]) -> Outcome:
        """Write one cell, in an order that a crash at any moment leaves to be finished by the next writing."""
        if not placements:
            raise ValueError(f"cell {record.cell_id} has no place in the design of {self.study.name}")
        group = Group(placements[0].method, placements[0].block, placements[0].setting)
        parent = self._group(group, record.started)
        self._ends[group] = max(self._ends.get(group, 0), milliseconds(record.ended))
        key, digest = ("cell", record.cell_id), content.record_digest(record)
        run = self.store.find(key)
        outcome: Outcome = "created" if run is None else "updated"
        parameters = content.cell_parameters(self.study, record.config, placements[0])
        if run is not None and (run.tags.get("ssc.digest", digest) != digest or self._has_moved(run, parameters)):
            self.store.delete(key)
            run = None
        versions = set(run.tags.get("ssc.versions", "").split()) if run is not None else set()
        tags = {
            **content.cell_tags(record, placements),
            "ssc.versions": " ".join(sorted(versions | {self.version})),
            charts.CHART_TAG: charts.cell_tag(placements[0], self.version),
            **self._colour(run, group.method),
            _PARENT: parent.run_id,
            _NOTE: notes.cell_note(record, placements),
        }
        why = notes.attention(record)
        tags |= {} if why is None else {notes.ATTENTION_TAG: why}
        name = content.cell_name(self.study, record, placements[0])
        if run is not None and run.tags.get("ssc.digest") == digest and run.status != "RUNNING":
            changed = [self.store.tag(run, tags), self.store.rename(run, name), self.store.describe(run, parameters)]
            if "ssc.placements" not in tags:
                changed.append(self.store.untag(run, "ssc.placements"))
            return "updated" if any(changed) else "unchanged"
        self._reopen(parent)
        if run is None:
            run = self.store.create(name=name, tags=tags, start_time=milliseconds(record.started))
        self._fill(run, record, parameters, {**tags, "ssc.digest": digest})
        return outcome

    @staticmethod
    def _has_moved(run: KnownRun, parameters: dict[str, str]) -> bool:
        """Whether the run says another block, setting or design of the cell: it cannot say two."""
        return any(run.parameters.get(name, parameters[name]) != parameters[name] for name in content.PLACE)

    def _fill(self, run: KnownRun, record: Record, parameters: dict[str, str], tags: dict[str, str]) -> None:
        """Everything but the run itself. Ended with a digest means complete, so the end comes last."""
        self.store.client.log_inputs(run.run_id, datasets=[_dataset(record.config.data)])
        traceback = content.traceback_text(record)
        if traceback:
            self.store.client.log_text(run.run_id, traceback, "traceback.txt")
        new = {name: value for name, value in tags.items() if run.tags.get(name) != value}
        self.store.log(run, metrics=content.metrics(record), parameters=parameters, tags=new)
        if record.result.test_accuracy is not None:
            run.metrics[ACCURACY] = record.result.test_accuracy
        self.store.end(run, content.run_status(record), milliseconds(record.ended))

    def _reopen(self, group: KnownRun) -> None:
        self.store.reopen(group)
        study = self.store.find(("study", self.version))
        assert study is not None
        self.store.reopen(study)

    def log_models(self, models: Models, start_time: float) -> None:
        """Log cells as models, each with its cell's run as source; one that is there with the same weights stays.

        The parent run names each in a tag ``model/NAME``, the cell's run in ``ssc.model``.
        """
        parent = self.parent(start_time)
        for name, (record, checkpoint) in models.items():
            run = self.store.find(("cell", record.cell_id))
            if run is None:
                continue
            digest = model_digest(record, checkpoint)
            known, _, model_id = run.tags.get("ssc.model", "").partition(" ")
            if known != digest:
                model_id = log_model(self.store.client, self.store.experiment_id, run.run_id, name, record, checkpoint)
                self.store.tag(run, {"ssc.model": f"{digest} {model_id}"})
            self.store.tag(parent, {content.key(f"model/{name}"): f"models:/{model_id}"})

    def close(self, analysis: StudyAnalysis | None, artifacts: Sequence[Path], *, start_time: float) -> None:
        """End groups and parent at the end of their last cell; with an analysis, write verdicts, tables and artifacts.

        Without an analysis the study was interrupted: runs that were still open end as KILLED, others stay as they are.
        """
        parent = self.parent(start_time)
        summaries = {Group(s.method, s.block, s.setting): s for s in analysis.summaries} if analysis else {}
        last = max([*self._ends.values(), parent.end_time or 0]) or milliseconds(start_time)
        for group in groups_of(self.study):
            run = self.store.find(("group", self.version, *group))
            if run is None:
                continue
            summary = summaries.get(group)
            if summary is not None:
                self.store.log_latest(run, content.summary_metrics(summary), last)
            if analysis is not None:
                found = {} if summary is None else {notes.FINDING_TAG: notes.spread_found(summary)}
                self.store.tag(run, {**found, _NOTE: notes.group_note(self.study, group, summary)})
            self._end(run, analysis, max(self._ends.get(group, 0), run.end_time or 0) or last)
        if analysis is not None:
            self._write_analysis(parent, analysis, artifacts, last)
        self._end(parent, analysis, last)

    def _end(self, run: KnownRun, analysis: StudyAnalysis | None, end_time: int) -> None:
        if analysis is not None:
            self.store.end(run, "FINISHED", end_time)
        elif run.status == "RUNNING":
            self.store.end(run, "KILLED", end_time)

    def _write_analysis(
        self, parent: KnownRun, analysis: StudyAnalysis, artifacts: Sequence[Path], timestamp: int
    ) -> None:
        self.store.log_latest(parent, content.verdict_metrics(analysis), timestamp)
        note = notes.study_note(self.study, self.version, analysis, links=self._links())
        found = {notes.FINDING_TAG: notes.verdicts_found(analysis), _NOTE: note}
        self.store.tag(parent, content.analysis_tags(analysis) | found)
        for name in content.outdated_tags(parent.tags, analysis):
            self.store.untag(parent, name)
        self.store.tag_experiment({_NOTE: self._experiment_note(analysis)})
        tables = {"summaries": summary_csv(analysis), "verdicts": verdicts_csv(analysis)}
        texts = {f"tables/{name}.csv": text for name, text in tables.items() if text}
        texts["analysis.json"] = analysis.model_dump_json(indent=2, by_alias=True)
        self._write_artifacts(parent, texts, artifacts)

    def _write_artifacts(self, parent: KnownRun, texts: dict[str, str], artifacts: Sequence[Path]) -> None:
        """Upload files and folders, unless the same content is there already (their hash is a tag)."""
        digest = hashlib.sha256(json.dumps(texts, sort_keys=True).encode())
        for path in artifacts:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    digest.update(str(file.relative_to(path.parent)).encode() + b"\0" + file.read_bytes())
        tag = {"ssc.artifacts": digest.hexdigest()[:16]}
        if parent.tags.get("ssc.artifacts") == tag["ssc.artifacts"]:
            return
        for name, text in texts.items():
            self.store.client.log_text(parent.run_id, text, name)
        for path in artifacts:
            self.store.client.log_artifact(parent.run_id, str(path))
        self.store.tag(parent, tag)
