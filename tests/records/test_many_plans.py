"""What is there of a study is the same, whether its records are read with their histories or without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssc_tune import analysis, running
from ssc_tune.design.cells import fixed_cells
from ssc_tune.records import Record, StudyFolder
from ssc_tune.running import StudyPlan
from tests.making import fake_records, records, studies

MADE = studies.study(studies.FAKE, design={"type": "sobol", "points": 2}, seeds=1)
CELLS = fixed_cells(MADE)
STATUSES = ["ok", "diverged", "failed", "infrastructure", "damaged", "elsewhere", "missing"]


def told(plan: StudyPlan) -> dict[str, Any]:
    """All of a plan but its records' histories."""

    def content(record: Record) -> dict[str, Any]:
        return {**vars(record), "result": {k: v for k, v in vars(record.result).items() if k != "history"}}

    return {**plan._asdict(), "records": {key: content(record) for key, record in plan.records.items()}}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(STATUSES), min_size=len(CELLS), max_size=len(CELLS)), st.booleans())
def test_the_plan_is_the_same(tmp_path_factory: pytest.TempPathFactory, statuses: list[str], retry: bool) -> None:
    storage = tmp_path_factory.mktemp("plans")
    for cell, status in zip(CELLS, statuses, strict=True):
        name = "other" if status == "elsewhere" else MADE.name
        history = tuple(records.evaluation(step) for step in (1, 2, 3))
        good = status in ("elsewhere", "damaged")
        store = StudyFolder(storage, name).records
        if status != "missing":
            known: Any = "ok" if good else status
            store.write(records.record(cell, study=name, status=known, history=history))
        if status == "damaged":
            store.path(cell.cell_id).write_text("damaged")
    options = running.Options(storage=storage, retry_failed=retry)
    brief = running.survey(MADE, options, whole=False)
    assert told(brief) == told(running.survey(MADE, options))


def test_a_study_that_stops_when_decided_is_read_whole(tmp_path: Path) -> None:
    design = {"type": "sobol", "points": 8, "looks": [4, 8], "stop": "when_decided"}
    made = studies.study(studies.FAKE, design=design)
    options = running.Options(storage=tmp_path)
    fake_records.fill(made, running.folder_of(made, options))
    plan = running.survey(made, options, whole=False)
    assert all(len(record.result.history) == 2 for record in plan.records.values())


def test_cells_are_made_once_a_study_and_handed_out_as_lists_of_ones_own() -> None:
    first = fixed_cells(MADE)
    first.clear()
    assert fixed_cells(MADE) == CELLS
    assert fixed_cells(MADE)[0] is fixed_cells(MADE)[0]
    other = MADE.model_copy(update={"seeds": 2})
    assert len(fixed_cells(other)) == 2 * len(CELLS)
    assert fixed_cells(MADE) == CELLS


def test_without_exploring_the_same_is_judged(tmp_path: Path) -> None:
    made = studies.study(studies.FAKE, design={"type": "sobol", "points": 4}, seeds=2)
    options = running.Options(storage=tmp_path)
    found = fake_records.fill(made, running.folder_of(made, options))
    tables = analysis.build.build_tables(made, fixed_cells(made), found)
    whole, short = (analysis.analyze.analyze(made, tables, explore=explore) for explore in (True, False))
    same = {"curves": (), "shares": (), "facts": {}, "warnings": short.warnings}
    assert whole.model_copy(update=same) == short
    assert whole.warnings[: len(short.warnings)] == short.warnings
    assert short.verdicts
