"""The Optuna storage holds the points with their values, told once, whatever happened in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from ssc_tune.design.cells import fixed_cells
from ssc_tune.design.fixed_source import FixedSource
from ssc_tune.design.points import Point, fixed_points
from ssc_tune.design.storage import PointLedger, ledger_name, open_storage
from ssc_tune.design.trials import from_trial, to_trial
from ssc_tune.errors import InputError
from ssc_tune.study.model.study import Study
from tests.making.studies import PARAMETERS, study


@pytest.fixture(params=["sqlite", "journal", pytest.param("postgresql", marks=pytest.mark.slow)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str | None]:
    """Where the storage is; none is the default, SQLite in the study's folder."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgresql_url")
    else:
        yield None if request.param == "sqlite" else str(tmp_path / "logs" / "optuna.log")


def accuracy(cell_id: str) -> float:
    return int(cell_id, 16) % 1000 / 1000


def run(of: Study, location: str | None, folder: Path, ids: set[str] | None = None) -> FixedSource:
    """Opens the source with the accuracies of ``ids`` known (all when absent)."""
    source = FixedSource(of, lambda key: accuracy(key) if ids is None or key in ids else None)
    source.open(open_storage(location, folder))
    return source


def trials(of: Study, location: str | None, folder: Path, block: str, method: str) -> list[optuna.trial.FrozenTrial]:
    """As optuna-dashboard or a user would read them."""
    name = ledger_name(of, block=block, setting="main", method=method)
    return optuna.load_study(study_name=name, storage=open_storage(location, folder)).trials


def test_points_are_running_trials_until_their_last_seed(location: str | None, tmp_path: Path) -> None:
    of = study()
    known: dict[str, float] = {}
    source = FixedSource(of, known.get)
    source.open(open_storage(location, tmp_path))
    assert {t.state for t in trials(of, location, tmp_path, "shared", "ssc")} == {TrialState.RUNNING}
    chosen = [c for c in source.cells if c.placement[:4] == ("shared", "main", "ssc", 2)]
    for cell, value, state in zip(chosen, (0.5, 0.7), (TrialState.RUNNING, TrialState.COMPLETE), strict=True):
        known[cell.cell_id] = value
        source.finished(cell.cell_id)
        found = trials(of, location, tmp_path, "shared", "ssc")
        assert found[2].state is state
    assert found[2].value == pytest.approx(0.6)
    assert [t.state for t in found].count(TrialState.RUNNING) == 4


def test_trials_hold_the_values_of_the_points(location: str | None, tmp_path: Path) -> None:
    of = study()
    run(of, location, tmp_path)
    for block in of.blocks:
        for method in of.methods:
            found = trials(of, location, tmp_path, block, method)
            points = fixed_points(of, block)
            assert [t.user_attrs["point"] for t in found] == [p.number for p in points]
            for trial, point in zip(found, points, strict=True):
                has = {n for n in point.values if of.search_space.parameters[n].applies(method)}
                values = from_trial(trial.params)
                assert set(values) == has
                assert values == {n: pytest.approx(point.values[n]) if n == "tau" else point.values[n] for n in has}
                ids = [c.cell_id for c in fixed_cells(of) if c.placement[:4] == (block, "main", method, point.number)]
                assert trial.value == pytest.approx(sum(map(accuracy, ids)) / 2)


def test_opening_again_changes_nothing(location: str | None, tmp_path: Path) -> None:
    of = study()
    run(of, location, tmp_path)
    before = trials(of, location, tmp_path, "specific", "ssc")
    run(of, location, tmp_path)
    assert trials(of, location, tmp_path, "specific", "ssc") == before


def test_more_points_go_on_in_the_same_study(location: str | None, tmp_path: Path) -> None:
    few, many = study(), study(points=8)
    run(few, location, tmp_path)
    before = trials(few, location, tmp_path, "shared", "ssc")
    run(many, location, tmp_path)
    after = trials(many, location, tmp_path, "shared", "ssc")
    assert after[:5] == before
    assert [t.user_attrs["point"] for t in after] == list(range(9))


def test_what_was_told_is_never_stale(tmp_path: Path) -> None:
    """A value told cannot be changed: more seeds, other training or other ranges get a study of their own."""
    names = {
        ledger_name(of, block="shared", setting="main", method="ssc")
        for of in (
            study(),
            study(seeds=3),
            study(training={"steps": 9, "evaluations": 2}),
            study(search_space={"parameters": PARAMETERS | {"tau": PARAMETERS["tau"] | {"low": 0.5}}}),
            study(design={"type": "grid", "levels": {"tau": [0.9, 0.95]}}),
            study(design={"type": "grid", "levels": {"tau": [0.9, 0.95, 0.99]}}),
        )
    }
    assert len(names) == 6
    same = study(methods=["fixmatch", "ssc", "supervised"], description="other words", retries=0)
    assert ledger_name(same, block="shared", setting="main", method="ssc") in names
    assert all(name.startswith("small/shared/main/ssc/") for name in names)


def test_a_level_outside_the_range_is_kept(tmp_path: Path) -> None:
    of = study(design={"type": "one-at-a-time", "levels": {"tau": [0.5, 0.995], "learning_rate": [0.5]}})
    run(of, None, tmp_path)
    found = [from_trial(t.params) for t in trials(of, None, tmp_path, "shared", "ssc")]
    assert [v["tau"] for v in found] == pytest.approx([0.95, 0.95, 0.5, 0.995])
    assert [v["learning_rate"] for v in found] == pytest.approx([0.03, 0.5, 0.03, 0.03])


def test_a_killed_process_leaves_no_trial_without_its_point(location: str | None, tmp_path: Path) -> None:
    """Between asking and naming the point, and between enqueueing and asking, as older versions did."""
    of = study(design={"type": "search", "points": 3})
    storage = open_storage(location, tmp_path)
    ledger = PointLedger(of, storage, block="shared", setting="main", method="ssc")
    ledger.optuna.ask(fixed_distributions=ledger.space)
    again = PointLedger(of, open_storage(location, tmp_path), block="shared", setting="main", method="ssc")
    again.put(Point(0, {"learning_rate": 0.03, "tau": 0.95}))
    assert again.known() == {0: {"learning_rate": 0.03, "tau": 0.95}}
    assert [t.state for t in again.optuna.trials] == [TrialState.FAIL, TrialState.RUNNING]


def test_a_point_is_told_once_and_never_as_nan(tmp_path: Path) -> None:
    ledger = PointLedger(study(), open_storage(None, tmp_path), block="shared", setting="main", method="ssc")
    for point in fixed_points(study(), "shared"):
        ledger.put(point)
    ledger.tell(0, [0.25, 0.75])
    ledger.tell(0, [0.9, 0.9])
    ledger.tell(1, [float("nan"), 0.5])
    ledger.tell(2, [])
    ledger.tell(99, [0.5])  # no such point
    states = [(t.state, t.value) for t in ledger.optuna.trials]
    assert states[:3] == [(TrialState.COMPLETE, 0.5), (TrialState.FAIL, None), (TrialState.FAIL, None)]
    assert ledger.is_told(0)
    assert not ledger.is_told(3)


def test_a_journal_with_a_torn_tail_is_read(tmp_path: Path) -> None:
    of, location = study(), str(tmp_path / "optuna.log")
    run(of, location, tmp_path)
    before = trials(of, location, tmp_path, "shared", "ssc")
    with open(location, "ab") as file:
        file.write(b'{"op_code": 4, "worker_id": "x", "stu')
    assert trials(of, location, tmp_path, "shared", "ssc") == before


def test_values_come_back_from_trials_exactly_enough_to_name_the_same_cell() -> None:
    of = study(points=64)
    for point in fixed_points(of, "shared"):
        assert from_trial(to_trial(of, point.values)) == point.values


@pytest.mark.parametrize("url", ["mysql+nothing://user:secret@host/db", "nonsense", "sqlite:////no/such/folder/a.db"])
def test_a_storage_that_cannot_be_opened_is_one_line_without_the_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--optuna-storage") as caught:
        open_storage(url, tmp_path)
    assert len(caught.value.problems) == 1
    assert "secret" not in str(caught.value)
