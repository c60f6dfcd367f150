"""The registration and post hoc marks in a real SQLite store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlflow.artifacts

from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.records import StudyFolder
from ssc_tune.running.registration import register
from ssc_tune.study.registration import hash_of, plan_hash
from ssc_tune.tracking import sync
from ssc_tune.tracking.notes import study_note
from tests.making.studies import TRACKED, study
from tests.making.tracked import analysis, cells
from tests.tracking.store_view import dump, runs

KNOWN = "8 of 8 cells were known from study other when this plan was registered"


def marked(known: str = KNOWN) -> StudyAnalysis:
    plain = analysis(study(TRACKED))
    verdicts = tuple(v.model_copy(update={"post_hoc": bool(known), "known": known}) for v in plain.verdicts)
    return plain.model_copy(update={"verdicts": verdicts})


def write(uri: str, tmp_path: Path, found: StudyAnalysis) -> Any:
    report = sync(study(TRACKED), cells(), found, (), uri=uri, directory=tmp_path / "stability")
    assert report.problems == ()
    (parent,) = runs(uri, "stability", 'tags.`ssc.role` = "study"')
    return parent


def test_the_parent_run_has_the_hash_and_the_plan_and_a_second_writing_changes_nothing(
    uri: str, tmp_path: Path
) -> None:
    assert "registration" not in write(uri, tmp_path, marked("")).data.tags
    made, _ = register(study(TRACKED), StudyFolder(tmp_path, "stability"))
    parent = write(uri, tmp_path, marked(""))
    assert parent.data.tags["registration"] == made.hash == plan_hash(study(TRACKED))
    kept = json.loads(mlflow.artifacts.load_text(f"{parent.info.artifact_uri}/registration.json"))
    assert hash_of(kept["plan"]) == made.hash
    assert kept["time"] == made.time
    before = dump(tmp_path / "mlflow.db")
    write(uri, tmp_path, marked(""))
    assert dump(tmp_path / "mlflow.db") == before


def test_a_post_hoc_verdict_is_tagged_with_what_was_known_and_the_tag_goes_with_the_mark(
    uri: str, tmp_path: Path
) -> None:
    tags = write(uri, tmp_path, marked()).data.tags
    assert tags["verdict/more stable"] == "supported"
    assert tags["post_hoc/more stable"] == KNOWN
    assert f"post hoc: {KNOWN}" in tags["mlflow.note.content"]
    assert "post_hoc/more stable" not in write(uri, tmp_path, marked("")).data.tags


def test_the_note_tells_the_registration() -> None:
    from ssc_tune.analysis.result import Registered

    line = "registered as 0123456789abcdef on 2026-11-23 21:11:05 UTC; before each of its 8 cells was begun"
    one = Registered(hash="0" * 64, time=1.0, study="stability", num_cells=8, num_known=0, known="", line=line)
    note = study_note(study(TRACKED), "v", analysis(study(TRACKED)).model_copy(update={"registration": one}))
    assert f"\nRegistration: {line}.\n" in note
