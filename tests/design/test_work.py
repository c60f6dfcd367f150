"""Cells are given out longest first, each once."""

from __future__ import annotations

from ssc_tune.design.cells import fixed_cells
from ssc_tune.design.fixed_source import FixedSource
from ssc_tune.design.work import images
from tests.making.studies import SMALL, study

VARIED = {**SMALL, "blocks": {"shared": {"parameters": ["learning_rate", "mu"]}}}
"""A space with the number of unlabelled images in it, for two methods that differ in their views."""


def _given_out(source: FixedSource) -> list[str]:
    found = []
    while (cell := source.next()) is not None:
        assert not isinstance(cell, str)
        found.append(cell.cell_id)
    return found


def test_longest_first_and_equal_ones_in_their_order() -> None:
    of = study(VARIED)
    given = _given_out(FixedSource(of, lambda cell_id: None))
    cells = {cell.cell_id: cell for cell in fixed_cells(of)}
    assert sorted(given) == sorted(cells)
    work = {key: images(cell.config) for key, cell in cells.items()}
    assert len(set(work.values())) > 4
    place = {key: i for i, key in reversed([*enumerate(cell.cell_id for cell in fixed_cells(of))])}
    assert given == sorted(cells, key=lambda key: (-work[key], place[key]))


def test_work_is_counted_by_hand() -> None:
    for cell in fixed_cells(study(VARIED)):
        hp = cell.config.hyperparameters
        size, mu = int(hp.get("batch_size", 64)), int(hp.get("mu", 7))
        views = {"fixmatch": 2, "ssc": 3}[cell.placement.method]  # the weak one, and one or two strong ones
        assert images(cell.config) == cell.config.training.steps * (size + views * mu * size)


def test_those_with_a_record_are_not_given_out() -> None:
    of = study(VARIED)
    known = {cell.cell_id for cell in fixed_cells(of)[::3]}
    given = _given_out(FixedSource(of, lambda key: 0.5 if key in known else None))
    assert not known & set(given)
    assert len(given) == len({cell.cell_id for cell in fixed_cells(of)} - known)
