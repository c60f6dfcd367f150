"""Cells are given out look by look: those of the next only when all before are back and it is to be run."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.design.look_source import LookSource
from ssc_tune.design.storage import open_storage
from ssc_tune.study.model.study import Study
from tests.making.studies import study

CLAIM = {"name": "c", "less": "ssc", "than": "fixmatch", "in": "std"}


def looking(*looks: int, stop: str = "when_decided") -> Study:
    """A study with these looks."""
    return study(design={"type": "sobol", "points": looks[-1], "looks": looks, "stop": stop}, claims=[CLAIM])


class Bench:
    """A source whose cells end as soon as they are told to."""

    def __init__(self, of: Study, *, done: set[str] | None = None, until: int = 10**9, last: int | None = None) -> None:
        self.done = set() if done is None else done
        self.asked: list[int] = []

        def go_on(points: int) -> bool:
            assert all(c.cell_id in self.done for c in fixed_cells(of) if c.placement.point <= points)
            self.asked.append(points)
            return points < until

        self.source = LookSource(of, lambda cell_id: 0.5 if cell_id in self.done else None, go_on, last)

    def end(self, cell: Cell) -> None:
        self.done.add(cell.cell_id)
        self.source.finished(cell.cell_id)

    def run(self) -> list[int]:
        """Everything, two cells at once; the points of the cells in the order in which they are given out."""
        given: list[int] = []
        out: list[Cell] = []
        while True:
            cell = self.source.next()
            if isinstance(cell, Cell):
                given.append(cell.placement.point)
                out.append(cell)
            if out and (len(out) == 2 or cell == "wait"):
                self.end(out.pop(0))
            elif cell is None:
                assert not out
                return given


def test_every_look_waits_for_the_one_before() -> None:
    of = looking(4, 8, 16)
    bench = Bench(of)
    assert bench.source.num_to_run == len({cell.cell_id for cell in fixed_cells(of)})
    given = bench.run()
    assert bench.asked == [4, 8]  # not at the last: there is nothing to go on with
    assert bench.source.num_to_run == 0
    assert len(given) == len({cell.cell_id for cell in fixed_cells(of)})
    first = given.index(next(point for point in given if point > 4))
    assert max(given[:first]) <= 4 < min(given[first:])


def test_the_cells_in_all_are_those_of_the_study_without_looks() -> None:
    of = looking(4, 8)
    bench = Bench(of)
    bench.run()
    plain = study(points=8, claims=[CLAIM])
    assert bench.done == {cell.cell_id for cell in fixed_cells(plain)}


def test_a_look_that_ends_the_study_leaves_the_others() -> None:
    bench = Bench(looking(4, 8, 16), until=8)
    assert max(bench.run()) == 8
    assert bench.asked == [4, 8]
    assert bench.source.num_to_run == 0


def test_it_goes_on_in_the_look_where_it_was_stopped() -> None:
    of = looking(4, 8, 16)
    done = {c.cell_id for c in fixed_cells(of) if c.placement.point <= 4}
    bench = Bench(of, done=set(done))
    assert bench.source.points == 8
    assert min(bench.run()) > 4
    assert bench.asked == [8]


def test_cells_that_are_there_beforehand_are_passed_over() -> None:
    of = looking(4, 8, 16)
    done = {c.cell_id for c in fixed_cells(of) if 4 < c.placement.point <= 8}
    bench = Bench(of, done=done)
    given = bench.run()
    assert bench.asked == [4, 8]
    assert not [point for point in given if 4 < point <= 8]


def test_nothing_is_run_beyond_where_the_study_has_stopped() -> None:
    of = looking(4, 8, 16)
    bench = Bench(of, done={c.cell_id for c in fixed_cells(of) if c.placement.point <= 8}, last=8)
    assert bench.source.num_to_run == 0
    assert bench.source.next() is None


def test_a_lost_cell_holds_its_look_until_it_is_given_back_and_done() -> None:
    bench = Bench(looking(4, 8))
    cells = [cell for cell in iter(bench.source.next, "wait") if isinstance(cell, Cell)]
    for cell in cells[:-1]:
        bench.end(cell)
    bench.source.lost(cells[-1].cell_id)
    assert bench.source.next() is None  # the launch ends
    assert bench.asked == []
    bench.source.give_back([cells[-1]])
    again = bench.source.next()
    assert again == cells[-1]
    bench.end(cells[-1])
    assert bench.asked == [4]
    assert isinstance(bench.source.next(), Cell)


def test_only_points_of_looks_that_have_begun_stand_in_the_optuna_storage(tmp_path: Path) -> None:
    import optuna

    of = looking(4, 8, 16)
    storage = open_storage(None, tmp_path)
    bench = Bench(of, until=8)
    bench.source.open(storage)
    bench.run()
    states = [
        trial.state
        for summary in optuna.get_all_study_summaries(storage)
        for trial in optuna.load_study(study_name=summary.study_name, storage=storage).get_trials(deepcopy=False)
    ]
    assert set(states) == {optuna.trial.TrialState.COMPLETE}
    assert len(states) == len(of.methods) * 9 * len(of.blocks)


@pytest.mark.parametrize("stop", ["never", "when_decided"])
def test_a_single_look_is_an_ordinary_study(stop: str) -> None:
    bench = Bench(looking(4, stop=stop))
    assert len(bench.run()) == len({cell.cell_id for cell in fixed_cells(looking(4))})
    assert bench.asked == []
