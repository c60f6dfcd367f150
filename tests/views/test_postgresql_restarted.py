"""PostgreSQL stopped in the middle of a run, and started again soon, at the end, or only for the next run."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from ssc_tune import running
from ssc_tune.design import fixed_source, storage
from ssc_tune.design.cells import Cell
from ssc_tune.errors import InputError
from tests.making import postgresql
from tests.making.fake_runs import MINE, Lab
from tests.making.postgresql import Server
from tests.making.studies import study

SEARCH = {"type": "search", "points": 3, "sampler": "random"}


@pytest.fixture
def server() -> Iterator[Server]:
    with postgresql.running() as made:
        yield made


def states(url: str) -> set[TrialState]:
    opened = storage.open_storage(url, Path())
    return {trial.state for one in opened.get_all_studies() for trial in opened.get_all_trials(one._study_id)}


@pytest.mark.fault("PostgreSQL is stopped in the middle of a run", "every cell recorded, no trial stays running")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "down"),
    [
        pytest.param({}, (5, 5), id="at once"),
        pytest.param({}, (5, 8), id="later"),
        pytest.param({}, (5, None), id="next run"),
        pytest.param({"design": SEARCH, "claims": []}, (5, 5), id="search, at once"),  # it asks the storage for points
    ],
)
def test_no_trial_stays_running(
    changes: dict[str, Any],
    down: tuple[int, int | None],
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab, of, ended = Lab(tmp_path, monkeypatch), study(MINE, **changes), [0]

    def status(cell: Cell) -> str:
        ended[0] += 1
        if ended[0] == down[0]:
            server.stop()
        if ended[0] == down[1]:
            server.start()
        return "ok"

    lab.status = status
    monkeypatch.setattr(fixed_source, "SECONDS", 0.2)
    options = replace(lab.options(), optuna_storage=server.url)
    done = running.train_and_judge(of, options, err=io.StringIO())
    assert isinstance(done, running.Finished)
    assert done.num_missing == 0
    if down[1] is None:
        assert [problem.rpartition("; ")[2] for problem in done.problems] == ["the study goes on", "not complete"]
        assert all("Traceback" not in problem and "\n" not in problem for problem in done.problems)
        server.start()
        done = running.train_and_judge(of, options, err=io.StringIO())
        assert done.problems == []
    assert states(server.url) == {TrialState.COMPLETE}


@pytest.mark.slow
def test_one_that_is_down_from_the_start_is_one_line(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.stop()
    url = server.url.replace("tester@", "tester:hunter2@")
    with pytest.raises(InputError) as caught:
        running.train_and_judge(study(MINE), replace(Lab(tmp_path, monkeypatch).options(), optuna_storage=url))
    (line,) = caught.value.problems
    assert line.startswith("--optuna-storage 'postgresql+psycopg://***@")
    assert "cannot be opened" in line
    assert "hunter2" not in line
