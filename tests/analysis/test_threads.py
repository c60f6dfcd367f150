"""Linear algebra of an analysis runs on one thread, and on as many as before afterwards."""

from __future__ import annotations

from typing import Any

import pytest
import scipy.linalg  # noqa: F401  (with a library of its own)
from threadpoolctl import threadpool_info, threadpool_limits

from ssc_tune import analysis
from ssc_tune.analysis.judge import looks, verdicts
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.threads import one_thread
from ssc_tune.design.cells import fixed_cells
from tests.making import studies


def threads() -> set[int]:
    return {found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"}


def test_one_thread_within_and_as_many_as_before_after_it() -> None:
    with threadpool_limits(2, user_api="blas"):
        with one_thread():
            assert threads() == {1}
        assert threads() == {2}
        with pytest.raises(ValueError, match="no"), one_thread():
            raise ValueError("no")
        assert threads() == {2}


@pytest.mark.parametrize("how", [analysis.analyze.analyze, lambda study, tables: looks.judge(Materials(study, tables))])
def test_claims_are_judged_on_it(monkeypatch: pytest.MonkeyPatch, how: Any) -> None:
    seen: list[set[int]] = []

    def judge_claims(*_: Any, **__: Any) -> tuple[()]:
        seen.append(threads())
        return ()

    monkeypatch.setattr(verdicts, "judge_claims", judge_claims)
    made = studies.study(studies.FAKE, design={"type": "defaults"}, claims=[])
    tables = analysis.build.build_tables(made, fixed_cells(made), {})
    with threadpool_limits(2, user_api="blas"):
        how(made, tables)
    assert seen == [{1}]
