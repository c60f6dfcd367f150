"""What happens with records once they are there: verdicts from them alone, marks on edited claims."""

from __future__ import annotations

import csv
import html
import io
from pathlib import Path

from rich.console import Console

from ssc_tune import running
from ssc_tune.presentation import words
from ssc_tune.presentation.terminal import terminal_summary
from ssc_tune.study.model.study import Study
from ssc_tune.study.registration import plan_hash
from tests.making import fake_records, studies


def _analyse(study: Study, storage: Path):  # type: ignore[no-untyped-def]
    options = running.Options(storage=storage)
    progress = running.survey(study, options)
    folder = running.folder_of(study, options)
    return running.analyse(study, folder, progress.cells, progress.records, command="again", overhead=None)


def test_an_edited_claim_is_marked_with_what_was_known_wherever_it_is_shown(tmp_path: Path) -> None:
    study = studies.study(studies.FAKE)
    fake_records.fill(study, running.folder_of(study, running.Options(storage=tmp_path)))
    claims = [{"name": "more stable", "less": "ssc", "than": "fixmatch", "in": "std", "margin": 0.02}]
    edited = studies.study(studies.FAKE, claims=claims)
    analysis, _, files, _ = _analyse(edited, tmp_path)
    known = "54 of 54 cells were known under an earlier plan of this study; this plan is not registered"
    assert [(v.post_hoc, v.known) for v in analysis.verdicts] == [(True, known)]
    assert analysis.registration is not None
    line = analysis.registration.line
    assert line == f"not registered (the plan's hash is {plan_hash(edited)[:16]}); {known.partition(';')[0]}"
    text = {path.name: path.read_text(encoding="utf-8") for path in files if path.suffix in (".md", ".html", ".csv")}
    for name in ("report.md", "report.html"):
        shown = html.unescape(text[name])
        assert "post hoc" in shown
        assert f"its verdict is exploratory. {known}." in shown
        assert f"N{line[1:]}" in shown
    (row,) = csv.DictReader(io.StringIO(text["verdicts.csv"]))
    assert (row["post_hoc"], row["known"]) == ("True", known)
    printed = io.StringIO()
    terminal_summary(edited, analysis, console=Console(file=printed, width=300))
    assert f"\n{line}\n" in printed.getvalue()
    assert f"    post hoc: {known}\n" in printed.getvalue()
    assert words.answer(analysis).startswith("Inconclusive (post hoc) whether ")
    supported = analysis.verdicts[0].model_copy(update={"verdict": "supported"})
    decided = words.answer(analysis.model_copy(update={"verdicts": (supported,)}))
    assert decided.startswith("Supported (post hoc): ")


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    study = studies.study(studies.FAKE)
    fake_records.fill(study, running.folder_of(study, running.Options(storage=tmp_path)))
    _, _, files, _ = _analyse(study, tmp_path)
    before = {path: path.read_bytes() for path in files}
    _, _, again, _ = _analyse(study, tmp_path)
    assert {path: path.read_bytes() for path in again} == before
    assert any(path.name == "results.csv" for path in files)
