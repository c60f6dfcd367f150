"""How much there is to do in a cell, as far as its configuration tells: what decides the order of cells."""

from __future__ import annotations

from collections.abc import Iterable

from ssc_tune import methods
from ssc_tune.design.cells import Cell
from ssc_tune.training.config import CellConfig


def images_per_step(config: CellConfig) -> int:
    """Images through the net in a step, all views counted."""
    # The number of classes does not matter.
    return methods.make(config.method, config.hyperparameters, num_classes=1, own=config.own).images_per_step


def images(config: CellConfig) -> int:
    """Images through the net in the whole of a cell; 0 for another training than ours, of which nothing is known."""
    return config.training.steps * images_per_step(config) if config.is_ours_to_train else 0


def longest_first(cells: Iterable[Cell]) -> list[Cell]:
    """Cells by descending work, equal ones in their order: the last worker has a short one when the others are done."""
    return sorted(cells, key=lambda cell: -images(cell.config))
