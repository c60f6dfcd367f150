"""Linear algebra of an analysis runs on one thread, and on as many as before afterwards."""

from __future__ import annotations

from typing import Any

import pytest
import scipy.linalg  # noqa: F401  (with a library of its own)
from threadpoolctl import threadpool_info, threadpool_limits

from ssc_tune.analysis.analyze import analyze
from ssc_tune.analysis.judge.looks import judge
from ssc_tune.analysis.threads import on_one_thread


def threads() -> set[int]:
    return {found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"}


def test_one_thread_within_and_as_many_as_before_after_it() -> None:
    @on_one_thread
    def inside(*, fails: bool) -> set[int]:
        if fails:
            raise ValueError("no")
        return threads()

    with threadpool_limits(2, user_api="blas"):
        assert inside(fails=False) == {1}
        assert threads() == {2}
        with pytest.raises(ValueError, match="no"):
            inside(fails=True)
        assert threads() == {2}


@pytest.mark.parametrize("function", [analyze, judge])
def test_analysis_and_looks_are_bound_to_it(function: Any) -> None:
    assert function.__wrapped__.__name__ == function.__name__
