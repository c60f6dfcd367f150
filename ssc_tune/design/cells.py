"""Cells: points x methods x seeds, in every block and setting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ssc_tune.design.points import Point, fixed_points
from ssc_tune.study.model.study import Study
from ssc_tune.training.config import CellConfig
from ssc_tune.uncollected import uncollected


class Placement(NamedTuple):
    """A cell's place in the design. The same cell may stand in several places and is run once."""

    block: str
    setting: str
    method: str
    point: int
    seed: int


class Cell(NamedTuple):
    """One training run of the study."""

    placement: Placement
    config: CellConfig
    cell_id: str


def make_cell(study: Study, placement: Placement, values: dict[str, bool | int | float | str]) -> Cell:
    """The cell of a point: the method's fixed hyperparameters, with the point's values for those that it has.

    What the point says of factors goes to data and net.
    """
    method, factors = placement.method, study.factors
    chosen = {name: value for name, value in values.items() if name not in factors and study.decides(name, method)}
    data, model = study.placed(placement.setting, values)
    config = CellConfig(
        data=data,
        model=model,
        training=study.training,
        method=method,
        hyperparameters={**study.fixed(method, placement.setting), **chosen},
        seed=placement.seed,
        own=study.own_methods.get(method),
        pretrain=study.pretraining(placement.setting),
        threads=study.resources.threads,
    )
    return Cell(placement, config, config.cell_id)


def cells_of_point(study: Study, block: str, setting: str, point: Point) -> Iterator[Cell]:
    """All cells of one point, seeds before methods, so that pairs complete together."""
    for seed in range(study.seeds):
        for method in study.block_methods(block):
            yield make_cell(study, Placement(block, setting, method, point.number, seed), point.values)


def fixed_cells(study: Study) -> list[Cell]:
    """Every placement of a fixed design, point by point; none for an adaptive one."""
    if study.design.adaptive:
        return []
    known = _LAST.get(id(study))
    if known is None or known[0] is not study:
        known = study, _fixed_cells(study)
        _LAST.clear()
        _LAST[id(study)] = known
    return list(known[1])


_LAST: dict[int, tuple[Study, list[Cell]]] = {}
"""The cells of the study that was asked for last, which are asked for in several rooms; a study does not change."""


@uncollected
def _fixed_cells(study: Study) -> list[Cell]:
    return [
        cell
        for block in study.blocks
        for setting in study.setting_names
        for point in fixed_points(study, block)
        for cell in cells_of_point(study, block, setting, point)
    ]


def placements(cells: list[Cell]) -> dict[str, list[Placement]]:
    """Places of each cell id, in the order of the design."""
    found: dict[str, list[Placement]] = {}
    for cell in cells:
        found.setdefault(cell.cell_id, []).append(cell.placement)
    return found
