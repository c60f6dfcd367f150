"""The training curves of all runs, small enough to travel in the page."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

MOST = 60
"""Evaluations of a run that the page draws: every k-th beyond it, the last one always."""
DIGITS = 4
"""Decimals that accuracies are kept to; larger numbers have as many digits fewer."""


def courses(cells: pd.DataFrame, history: pd.DataFrame) -> dict[str, Any]:
    """Validation accuracies in units of ``quantum`` by run, over one of the lists of ``steps``.

    ``grid`` says for each run over which list, -1 of a run without a curve.
    """
    known = history[np.isfinite(history["validation_accuracy"].to_numpy(dtype=np.float64))]
    decimals = _decimals(known["validation_accuracy"])
    grids: dict[tuple[int, ...], int] = {}
    by_cell: dict[str, tuple[int, list[int]]] = {}
    for cell_id, group in known.groupby("cell_id", sort=False):
        kept = group.iloc[_kept(len(group))]
        steps = tuple(int(step) for step in kept["step"])
        values = [round(v * 10**decimals) for v in kept["validation_accuracy"].tolist()]
        by_cell[str(cell_id)] = grids.setdefault(steps, len(grids)), values
    found = [by_cell.get(cell_id, (-1, [])) for cell_id in cells["cell_id"]]
    return {
        "quantum": 10.0**-decimals,
        "steps": [list(grid) for grid in grids],
        "grid": [grid for grid, _ in found],
        "values": [values for _, values in found],
    }


def is_thinned(history: pd.DataFrame) -> bool:
    """Whether any run has more evaluations than are drawn."""
    return bool(len(history)) and int(history.groupby("cell_id").size().max()) > MOST


def _kept(count: int) -> list[int]:
    step = -(-count // MOST)
    return list(range((count - 1) % step, count, step))


def _decimals(values: pd.Series) -> int:
    largest = float(values.abs().max()) if len(values) else 1.0
    return DIGITS - max(0, math.ceil(math.log10(largest))) if largest > 1 else DIGITS


def losses(history: pd.DataFrame) -> dict[str, float]:
    """The training loss at the last evaluation that tells one, by the ids of cells."""
    known = history.dropna(subset=["train_loss"])
    last = known.sort_values("step", kind="stable").groupby("cell_id")["train_loss"].last()
    return {str(cell_id): float(loss) for cell_id, loss in last.items() if math.isfinite(loss)}
