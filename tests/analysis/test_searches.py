"""Replicated searches: gains by loops, a study of made-up searches, how often equal methods are called apart."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ssc_tune import running
from ssc_tune.analysis.arrays import Scores, load
from ssc_tune.analysis.build import build_tables
from ssc_tune.analysis.judge.verdicts import judge_claims
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.measures import searches
from ssc_tune.analysis.summaries import summarize
from ssc_tune.design.cell_source import SearchSource
from ssc_tune.design.cells import Cell
from ssc_tune.design.points import SEARCH_STRIDE, search_of
from ssc_tune.design.storage import open_storage
from ssc_tune.records import Record
from ssc_tune.running import Options
from tests.making.records import record
from tests.making.studies import PARAMETERS, study

Array = np.ndarray


def scores(test: Array, validation: Array, default: Array) -> Scores:
    """Scores of searches (S, K, R) with a default (R,)."""
    num_searches, num_points, num_seeds = test.shape
    points = [s * SEARCH_STRIDE + k + 1 for s in range(num_searches) for k in range(num_points)]
    return Scores(
        points=np.array(points),
        seeds=np.arange(num_seeds),
        test=test.reshape(-1, num_seeds),
        validation=validation.reshape(-1, num_seeds),
        failed=np.zeros((len(points), num_seeds), dtype=bool),
        default_test=default,
        default_validation=default,
        default_failed=np.zeros(num_seeds, dtype=bool),
        drawn=points,
        same_as=points,
    )


def gain_by_loops(test: Array, validation: Array, default: Array) -> float:
    """Of one search: (K, R), (K, R) and (R,)."""
    num_seeds, found = len(default), []
    for size in {num_seeds // 2, num_seeds - num_seeds // 2}:
        for half in itertools.combinations(range(num_seeds), size):
            rest = [j for j in range(num_seeds) if j not in half]
            chosen = max(range(len(test)), key=lambda k: sum(validation[k, j] for j in half))
            found.append(sum(test[chosen, j] - default[j] for j in rest) / len(rest))
    return sum(found) / len(found)


def test_gain_and_interval_by_loops() -> None:
    rng = np.random.default_rng(0)
    sides = [(rng.random((4, 6, 3)), rng.random((4, 6, 3)), rng.random(3)) for _ in range(2)]

    def mean(kept: list[int], seeds: list[int]) -> float:
        parts = [
            gain_by_loops(a[0][s][:, seeds], a[1][s][:, seeds], a[2][seeds])
            - gain_by_loops(b[0][s][:, seeds], b[1][s][:, seeds], b[2][seeds])
            for a, b in [sides]
            for s in kept
        ]
        return sum(parts) / len(parts)

    found = searches.gain(*(scores(*side) for side in sides), confidence=0.9)
    every, seeds = list(range(4)), list(range(3))
    left = [[mean([s for s in every if s != out], seeds) for out in every]]
    left += [[mean(every, [j for j in seeds if j != out]) for out in seeds]]
    se = math.sqrt(sum((len(part) - 1) * np.var(part) for part in left))
    assert found.estimate == pytest.approx(mean(every, seeds))
    assert (found.se, found.df) == (pytest.approx(se), 2)
    assert found.high - found.estimate == pytest.approx(stats.t.ppf(0.95, 2) * se)


def test_a_shift_changes_nothing_and_exchange_turns_the_sign() -> None:
    rng = np.random.default_rng(2)
    first, second = (scores(rng.random((4, 6, 3)), rng.random((4, 6, 3)), rng.random(3)) for _ in range(2))
    before = searches.gain(first, second, confidence=0.95)
    raised = first._replace(
        test=first.test + 0.2, validation=first.validation + 0.2, default_test=first.default_test + 0.2
    )
    found, turned = searches.gain(raised, second, confidence=0.95), searches.gain(second, first, confidence=0.95)
    assert found[:4] == pytest.approx(before[:4])
    assert (turned.low, turned.high) == pytest.approx((-before.high, -before.low))


def test_reasons_why_there_is_no_interval() -> None:
    rng = np.random.default_rng(1)

    def made(num_searches: int, num_seeds: int) -> Scores:
        y = rng.random((num_searches, 5, num_seeds))
        return scores(y, y, rng.random(num_seeds))

    one, two, few = (searches.gain(made(*size), confidence=0.95) for size in ((1, 3), (2, 3), (3, 2)))
    assert "one search is one draw" in one.reason
    assert "2 searches" in two.reason
    assert "3 seeds" in few.reason
    assert all(math.isfinite(found.estimate) and math.isnan(found.low) for found in (one, two, few))
    assert "one seed" in searches.gain(made(3, 1), confidence=0.95).reason
    assert "default" in searches.gain(made(3, 3)._replace(default_test=np.empty(0)), confidence=0.95).reason


def searched(num_searches: int, seeds: int = 3) -> Any:
    claim = {"name": "c", "more": "ssc", "than": "fixmatch", "in": "default_regret"}
    return study(
        search_space={"parameters": {name: PARAMETERS[name] for name in ("learning_rate", "tau")}},
        blocks={"shared": {}},
        design={"type": "search", "sampler": "random", "points": 6, "searches": num_searches},
        seeds=seeds,
        claims=[claim],
    )


def accuracy(cell: Cell) -> float:
    """ssc gains much from tuning the learning rate, fixmatch nothing."""
    values, place = cell.config.hyperparameters, cell.placement
    rng = np.random.default_rng([place.point, place.seed, len(place.method)])
    slope = 0.1 if place.method == "ssc" else 0.0
    return 0.6 + slope * math.log(values["learning_rate"] / 0.03) + 0.002 * rng.standard_normal()


def run(of: Any, folder: Path) -> tuple[list[Cell], dict[str, Record]]:
    found: dict[str, Record] = {}
    source = SearchSource(of, lambda key: found[key].result.validation_accuracy if key in found else None)
    source.open(open_storage(str(folder / "optuna.log"), folder))
    while isinstance(cell := source.next(), Cell):
        found[cell.cell_id] = record(cell, accuracy(cell))
        source.finished(cell.cell_id)
    return source.cells, found


def test_a_whole_study_of_searches_is_judged_over_searches_and_seeds(tmp_path: Path) -> None:
    of = searched(5)
    cells, records = run(of, tmp_path)
    tables = build_tables(of, cells, records)
    assert sorted(set(tables.cells["search"])) == [0, 1, 2, 3, 4]
    assert (tables.cells["search"] == tables.cells["point"] // SEARCH_STRIDE).all()
    (found,) = judge_claims(Materials(of, tables))
    assert found.verdict == "supported", found.reason
    assert found.effect_name == "gain of a search over the default of ssc minus that of fixmatch"
    assert found.sentence == "ssc has a larger gain of a search's best point over the defaults than fixmatch."
    assert not any("search" in line for line in found.warnings)
    few = build_tables(of, [c for c in cells if search_of(c.placement.point) < 3], records)
    assert any("3 searches" in line for line in judge_claims(Materials(of, few))[0].warnings)
    summary = summarize(Materials(of, tables), "shared", "main", "ssc")
    assert summary.default_regret.low is not None
    assert summary.tunability.value is None
    assert "search" in summary.tunability.note


def test_the_records_alone_tell_searches_apart_and_fewer_searches_leave_some_out(tmp_path: Path) -> None:
    of = searched(3)
    options = Options(storage=tmp_path)
    cells, records = run(of, tmp_path)
    folder = running.folder_of(of, options)
    for made in records.values():
        folder.records.write(made)
    progress = running.survey(of, options)
    assert progress.num_total == 2 * 3 * (3 * 6 + 1) == len(progress.records)
    assert {c.placement for c in progress.cells} == {c.placement for c in cells}
    fewer = running.survey(searched(2), options)
    assert fewer.num_total == 2 * 3 * (2 * 6 + 1) == len(fewer.records)
    assert {search_of(c.placement.point) for c in fewer.cells} == {0, 1}


def test_a_value_tried_by_two_searches_is_a_point_of_each(tmp_path: Path) -> None:
    of = study(
        search_space={"parameters": {"mu": PARAMETERS["mu"]}},  # 1, 2, 3 or 4
        blocks={"shared": {}},
        methods=["ssc"],
        design={"type": "search", "sampler": "random", "points": 6, "searches": 3},
        seeds=3,
    )
    found: dict[str, Record] = {}
    source = SearchSource(of, lambda key: found[key].result.validation_accuracy if key in found else None)
    source.open(open_storage(str(tmp_path / "optuna.log"), tmp_path))
    while isinstance(cell := source.next(), Cell):
        found[cell.cell_id] = record(cell, 0.5 + 0.01 * cell.config.hyperparameters["mu"])
        source.finished(cell.cell_id)
    assert len(found) <= 3 * 4  # what was trained once is not trained again
    loaded = load(of, build_tables(of, source.cells, found), block="shared", setting="main", method="ssc")
    for search in range(3):
        values = [
            {cell.config.hyperparameters["mu"] for cell in source.cells if cell.placement.point == point}
            for point in loaded.points
            if search_of(int(point)) == search
        ]
        drawn = {
            cell.config.hyperparameters["mu"] for cell in source.cells if search_of(cell.placement.point) == search
        }
        tried = (
            drawn
            if search
            else {cell.config.hyperparameters["mu"] for cell in source.cells if 0 < cell.placement.point <= 6}
        )
        assert {v for part in values for v in part} == tried


def simulated_gains(num_searches: int, num_seeds: int, rng: np.random.Generator) -> Scores:
    """A random search of 10 points on a bowl, with noise of a third of its spread and 2,000 images a split."""
    f = 0.9 - 0.1 * (rng.uniform(-1, 1, (num_searches, 10, 2)) ** 2).sum(axis=2)[..., None]
    seed = 0.01 * rng.standard_normal(num_seeds)
    cell = f + seed + 0.015 * rng.standard_normal((num_searches, 10, num_seeds))
    test, validation = (cell + 0.008 * rng.standard_normal(cell.shape) for _ in range(2))
    default = 0.8 + seed + 0.017 * rng.standard_normal(num_seeds)
    return scores(test, validation, default)


@pytest.mark.slow
@pytest.mark.parametrize(("num_searches", "num_seeds"), [(3, 3), (5, 5), (10, 3)])
def test_equal_methods_are_hardly_ever_called_apart(num_searches: int, num_seeds: int) -> None:
    rng = np.random.default_rng([num_searches, num_seeds])
    repeats, apart, over_searches = 400, 0, 0
    for _ in range(repeats):
        sides = [simulated_gains(num_searches, num_seeds, rng) for _ in range(2)]
        found = searches.gain(*sides, confidence=0.95)
        apart += not found.low <= 0 <= found.high
        gains = [np.array([searches._gains(side, s)[0] for s in range(num_searches)]) for side in sides]
        over_searches += stats.ttest_rel(*gains).pvalue < 0.05
    assert apart / repeats <= 0.06
    assert over_searches / repeats > 0.07  # what a t over searches alone would do: one default is in all of them
