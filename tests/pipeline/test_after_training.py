"""What happens with records once they are there: verdicts from them alone, marks on edited claims."""

from __future__ import annotations

from pathlib import Path

import fake_records

from ssc_tune import pipeline
from ssc_tune.study.models import Study


def _analyse(study: Study, storage: Path):  # type: ignore[no-untyped-def]
    options = pipeline.Options(storage=storage)
    progress = pipeline.survey(study, options)
    folder = pipeline.folder_of(study, options)
    return pipeline.analyse(study, folder, progress.cells, progress.records, command="again", overhead=None)


def test_a_claim_as_it_was_is_not_marked_and_an_edited_one_is(tmp_path: Path) -> None:
    study = fake_records.study()
    fake_records.fill(study, pipeline.folder_of(study, pipeline.Options(storage=tmp_path)))
    analysis, _, _ = _analyse(study, tmp_path)
    assert [v.post_hoc for v in analysis.verdicts] == [False]

    edited = fake_records.study(
        claims=[
            {"name": "more stable", "less": "ssc", "than": "fixmatch", "in": "std", "margin": 0.02},
            {"name": "better", "more": "ssc", "than": "fixmatch", "in": "mean"},
        ]
    )
    analysis, _, files = _analyse(edited, tmp_path)
    assert [v.post_hoc for v in analysis.verdicts] == [True, True]
    for name in ("report.md", "report.html", "verdicts.csv"):
        text = next(path for path in files if path.name == name).read_text(encoding="utf-8")
        assert "post hoc" in text or "post_hoc" in text


def test_an_expected_verdict_is_no_edit(tmp_path: Path) -> None:
    study = fake_records.study()
    fake_records.fill(study, pipeline.folder_of(study, pipeline.Options(storage=tmp_path)))
    claim = {"name": "more stable", "less": "ssc", "than": "fixmatch", "in": "std", "expected": "supported"}
    analysis, _, _ = _analyse(fake_records.study(claims=[claim]), tmp_path)
    assert [v.post_hoc for v in analysis.verdicts] == [False]


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    study = fake_records.study()
    fake_records.fill(study, pipeline.folder_of(study, pipeline.Options(storage=tmp_path)))
    _, _, files = _analyse(study, tmp_path)
    before = {path: path.read_bytes() for path in files}
    _, _, again = _analyse(study, tmp_path)
    assert {path: path.read_bytes() for path in again} == before
    assert any(path.name == "results.csv" for path in files)
