"""Adaptive search on a made-up score: no training, every sampler."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from ssc_tune.design.cell_source import SearchSource, make_source
from ssc_tune.design.cells import Cell, Placement
from ssc_tune.design.fixed_source import FixedSource
from ssc_tune.design.points import SEARCH_STRIDE, label, search_of
from ssc_tune.design.storage import ledger_name, open_storage
from ssc_tune.study.model.space import Value
from ssc_tune.study.model.study import Study
from tests.making.studies import PARAMETERS, study


def searching(sampler: str = "tpe", points: int = 12, **changes: Any) -> Study:
    names = ("learning_rate", "tau") if sampler in ("cmaes", "gp") else ("learning_rate", "tau", "mu")
    content: dict[str, Any] = {
        "search_space": {"parameters": {name: PARAMETERS[name] for name in names}},
        "blocks": {"shared": {}},
        "design": {"type": "search", "sampler": sampler, "points": points},
    }
    return study(**content | changes)


def height(values: dict[str, Value]) -> float:
    """Best at a learning rate of 0.03 and a tau of 0.9; between 0 and 1."""
    rate = math.log(float(values["learning_rate"]) / 0.03) / math.log(3)
    tau = math.log((1 - float(values["tau"])) / 0.1)
    return 0.9 * math.exp(-(rate**2) - 0.5 * tau**2)


class Runner:
    """Workers that take cells and return made-up scores, one cell after another."""

    def __init__(self, of: Study, folder: Path, location: str | None = None) -> None:
        self.study, self.folder, self.location = of, folder, location or str(folder / "optuna.log")
        self.scores: dict[str, float] = {}
        self.ran: list[Cell] = []
        self.placed: dict[Placement, dict[str, Value]] = {}
        self.open()

    def open(self, earlier: list[tuple[Placement, dict[str, Value]]] | None = None) -> None:
        source = make_source(self.study, self.scores.get, earlier or [])
        assert isinstance(source, SearchSource)
        self.source = source
        self.source.open(open_storage(self.location, self.folder))

    def step(self, workers: int = 1) -> bool:
        """Hands out up to ``workers`` cells and finishes them; whether there were any."""
        taken = []
        for _ in range(workers):
            cell = self.source.next()
            if not isinstance(cell, Cell):
                break
            taken.append(cell)
        for cell in taken:
            self.ran.append(cell)
            self.placed[cell.placement] = dict(cell.config.hyperparameters)
            self.scores[cell.cell_id] = self.score(cell)
            self.source.finished(cell.cell_id)
        return bool(taken)

    def score(self, cell: Cell) -> float:
        return height(dict(cell.config.hyperparameters)) + 0.01 * cell.placement.seed

    def trials(self, method: str = "ssc", search: int = 0) -> list[Any]:
        return list(self.source._ledgers["shared", "main", method, search].optuna.trials)

    def finish(self) -> None:
        while self.step():
            pass


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "random"])
def test_every_point_is_run_once_and_told_as_the_mean_of_its_seeds(sampler: str, tmp_path: Path) -> None:
    run = Runner(searching(sampler), tmp_path)
    assert run.source.num_to_run == 2 * 13 * 2
    run.finish()
    assert run.source.num_to_run == 0
    assert run.source.next() is None
    assert len({cell.cell_id for cell in run.ran}) == len(run.ran) == 2 * 13 * 2
    for method in ("fixmatch", "ssc"):
        trials = run.trials(method)
        assert [t.user_attrs["point"] for t in trials] == list(range(13))
        for trial in trials:
            place = Placement("shared", "main", method, trial.user_attrs["point"], 0)
            assert trial.value == pytest.approx(height(run.placed[place]) + 0.005)
        assert run.placed[Placement("shared", "main", method, 0, 0)]["tau"] == 0.95  # the defaults come first


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_search_that_is_stopped_again_and_again_repeats_no_point(sampler: str, tmp_path: Path) -> None:
    run = Runner(searching(sampler, points=8), tmp_path)
    while run.step():
        run.open()  # as a new launch would
    rates = {cell.config.hyperparameters["learning_rate"] for cell in run.ran}
    assert len(run.ran) == len({cell.cell_id for cell in run.ran}) == 2 * 9 * 2
    assert len(rates) >= 9
    assert Counter(cell.placement[2:4] for cell in run.ran) == {(m, p): 2 for m in run.study.methods for p in range(9)}


def test_a_lost_storage_is_rebuilt_from_the_records(tmp_path: Path) -> None:
    run = Runner(searching(points=6), tmp_path / "first")
    for _ in range(13):
        run.step()
    before = [(t.params, t.value) for t in run.trials()]
    run.location = str(tmp_path / "second.log")
    run.open([(place, values) for place, values in run.placed.items() if place.point])
    kept = {t.user_attrs["point"]: (t.params, t.value) for t in run.trials()}
    for number, (params, value) in enumerate(before):
        assert kept[number] == (pytest.approx(params), value)
    run.finish()
    assert len(run.ran) == 2 * 7 * 2


def test_a_gap_in_the_points_is_filled_and_none_is_overwritten(tmp_path: Path) -> None:
    run = Runner(searching("random", points=4), tmp_path)
    values: dict[str, Value] = {"learning_rate": 0.05, "tau": 0.9, "mu": 3}
    run.open([(Placement("shared", "main", "ssc", 3, 0), values)])
    run.finish()
    trials = {t.user_attrs["point"]: t for t in run.trials()}
    assert sorted(trials) == [0, 1, 2, 3, 4]
    assert len(run.trials()) == 5
    assert trials[3].params["learning_rate"] == 0.05


def test_tpe_finds_more_than_chance(tmp_path: Path) -> None:
    """The mean of its last ten points against the mean over the space."""
    run = Runner(searching("tpe", points=30, seeds=1, methods=["ssc"]), tmp_path)
    run.finish()
    random = Runner(searching("random", points=30, seeds=1, methods=["ssc"]), tmp_path / "random")
    random.finish()
    values = [t.value for t in run.trials()]
    assert sum(values[-10:]) / 10 > sum(t.value for t in random.trials()) / 31 + 0.1


def test_seeds_of_the_sampler_and_of_the_point_differ(tmp_path: Path) -> None:
    def rates(seed: int) -> list[Any]:
        design = {"type": "search", "sampler": "random", "points": 6, "seed": seed}
        run = Runner(searching(design=design, seeds=1), tmp_path / f"{seed}-{len(list(tmp_path.iterdir()))}")
        run.finish()
        return [t.params["learning_rate"] for t in run.trials()]

    assert rates(0) == rates(0)
    assert rates(0)[1:] != rates(1)[1:]
    assert len(set(rates(0))) == 7


def test_cells_that_come_back_without_a_record_are_given_out_again(tmp_path: Path) -> None:
    run = Runner(searching(points=1, methods=["ssc"]), tmp_path)
    first = run.source.next()
    assert isinstance(first, Cell)
    run.source.lost(first.cell_id)
    run.source.give_back([first])
    run.finish()
    assert Counter(cell.cell_id for cell in run.ran).most_common(1)[0][1] == 1
    assert first in run.ran


def test_a_new_point_waits_for_nobody_and_the_end_waits_for_all(tmp_path: Path) -> None:
    run = Runner(searching(points=1, methods=["ssc"], seeds=1), tmp_path)
    first, second = run.source.next(), run.source.next()
    assert isinstance(first, Cell)
    assert isinstance(second, Cell)
    assert run.source.next() == "wait"
    for cell in (first, second):
        run.scores[cell.cell_id] = 0.5
        run.source.finished(cell.cell_id)
    assert run.source.next() is None


def replicated(searches: int, sampler: str = "random", points: int = 4, **changes: Any) -> Study:
    design = {"type": "search", "sampler": sampler, "points": points, "searches": searches}
    return searching(design=design, **changes)


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_searches_are_independent_and_share_only_the_defaults(sampler: str, tmp_path: Path) -> None:
    run = Runner(replicated(3, sampler, points=10), tmp_path)
    assert run.source.num_to_run == 2 * 2 * (3 * 10 + 1)
    run.finish()
    assert run.source.num_to_run == 0
    assert len(run.ran) == len({cell.cell_id for cell in run.ran}) == 2 * 2 * (3 * 10 + 1)
    numbers = [0, *(s * SEARCH_STRIDE + k for s in range(3) for k in range(1, 11))]
    for method in ("fixmatch", "ssc"):
        placed = sorted({place.point for place in run.placed if place.method == method})
        assert placed == numbers
        values = [[t.params["learning_rate"] for t in run.trials(method, search)] for search in range(3)]
        assert values[0][0] == values[1][0] == values[2][0]  # the defaults
        assert len({value for part in values for value in part[1:]}) == 30
        for search in range(3):
            assert [t.state for t in run.trials(method, search)] == [TrialState.COMPLETE] * 11
    assert sorted({cell.placement.point for cell in run.source.cells}) == numbers
    assert len(run.source.cells) == len(run.ran)


def test_random_searches_of_two_methods_are_paired(tmp_path: Path) -> None:
    run = Runner(replicated(2), tmp_path)
    run.finish()
    for search in range(2):
        both = [[t.params["learning_rate"] for t in run.trials(method, search)] for method in ("fixmatch", "ssc")]
        assert both[0] == both[1]


def test_the_first_search_is_that_of_a_study_without_replicates_and_more_can_be_added(tmp_path: Path) -> None:
    one = Runner(replicated(1), tmp_path)
    one.finish()
    assert {cell.placement.point for cell in one.ran} == set(range(5))
    more = Runner(replicated(3), tmp_path)  # the same storage
    more.scores = dict(one.scores)
    more.open([(place, values) for place, values in one.placed.items() if place.point])
    assert more.source.num_to_run == 2 * 2 * 2 * 4
    more.finish()
    assert {cell.cell_id for cell in more.ran}.isdisjoint(one.scores)
    assert {search_of(cell.placement.point) for cell in more.ran} == {1, 2}
    assert ledger_name(one.study, block="shared", setting="main", method="ssc") == ledger_name(
        more.study, block="shared", setting="main", method="ssc"
    )


def test_replicated_searches_are_rebuilt_from_the_records(tmp_path: Path) -> None:
    run = Runner(replicated(2, "tpe"), tmp_path / "first")
    for _ in range(17):
        run.step()
    run.location = str(tmp_path / "second.log")
    run.open([(place, values) for place, values in run.placed.items() if place.point])
    run.finish()
    assert len(run.ran) == len({cell.cell_id for cell in run.ran}) == 2 * 2 * 9
    assert Counter(cell.placement.point for cell in run.source.cells) == dict.fromkeys(
        [*range(5), *range(SEARCH_STRIDE + 1, SEARCH_STRIDE + 5)], 4
    )


class Pruned(Runner):
    """Point 0 is good, the others are worse in every seed."""

    def score(self, cell: Cell) -> float:
        return (0.9 if cell.placement.point == 0 else 0.5) + 0.01 * cell.placement.seed


def pruning(**changes: Any) -> Study:
    design = {"type": "search", "sampler": "random", "points": 3, "pruner": "wilcoxon"}
    return searching(design=design, seeds=6, methods=["ssc"], **changes)


def test_seeds_of_a_hopeless_point_are_not_run(tmp_path: Path) -> None:
    run = Pruned(pruning(), tmp_path)
    run.finish()
    assert Counter(cell.placement.point for cell in run.ran) == {0: 6, 1: 4, 2: 4, 3: 4}
    assert run.source.num_to_run == 0
    assert {cell.cell_id for cell in run.source.cells} == {cell.cell_id for cell in run.ran}
    trials = run.trials()
    assert trials[0].value == pytest.approx(0.925)
    assert trials[0].intermediate_values == {s: pytest.approx(0.9 + 0.01 * s) for s in range(6)}
    for trial in trials[1:]:
        assert trial.state is TrialState.COMPLETE
        assert trial.value == pytest.approx(0.515)  # mean of the four seeds that ran
        assert trial.user_attrs["pruned after seeds"] == 4


def test_a_pruned_search_that_is_stopped_again_and_again_runs_no_more(tmp_path: Path) -> None:
    run = Pruned(pruning(), tmp_path)
    while run.step():
        run.open()
    assert Counter(cell.placement.point for cell in run.ran) == {0: 6, 1: 4, 2: 4, 3: 4}


def test_no_point_is_pruned_that_is_as_good(tmp_path: Path) -> None:
    run = Runner(pruning(), tmp_path)
    run.score = lambda cell: 0.5 + 0.01 * ((cell.placement.seed * 7 + cell.placement.point) % 5)  # type: ignore[method-assign]
    run.finish()
    assert Counter(cell.placement.point for cell in run.ran) == dict.fromkeys(range(4), 6)


def test_points_of_later_searches_are_named_by_their_search() -> None:
    assert [label(n) for n in (0, 12, SEARCH_STRIDE + 3, 12 * SEARCH_STRIDE + 40)] == [
        "0",
        "12",
        "3 of search 1",
        "40 of search 12",
    ]


def test_a_fixed_design_gives_each_id_once_and_leaves_out_what_is_known(tmp_path: Path) -> None:
    of = study()
    source = make_source(of, lambda key: None)
    assert isinstance(source, FixedSource)
    ids = []
    while (cell := source.next()) is not None:
        assert isinstance(cell, Cell)
        ids.append(cell.cell_id)
    assert len(ids) == len(set(ids)) == len({cell.cell_id for cell in source.cells})
    known = set(ids[::3])
    rest = FixedSource(of, lambda key: 0.5 if key in known else None)
    assert rest.num_to_run == len(ids) - len(known)
    cell = rest.next()
    assert isinstance(cell, Cell)
    rest.give_back([cell])
    assert rest.next() == cell
