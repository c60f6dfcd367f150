"""Accuracy over training, as measures of speed read it: validation accuracies as evaluated while training."""

from __future__ import annotations

import numpy as np

from ssc_tune.analysis.arrays import Scores, select
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.measures.base import ClaimData
from ssc_tune.analysis.tables import Tables


def paths(tables: Tables, scores: Scores, *, block: str, setting: str, method: str) -> tuple[FloatArray, FloatArray]:
    """Evaluated steps (T,) and validation accuracies (N, R, T) of the cells in ``scores``; NaN where none was taken."""
    cells = select(tables.cells, block, setting, method)
    cells = cells[cells["point"].isin(scores.points) & cells["seed"].isin(scores.seeds)]
    history = tables.history.merge(cells[["cell_id", "point", "seed"]], on="cell_id")
    steps = np.unique(history["step"].to_numpy(dtype=np.float64))
    found = np.full((len(scores.points), len(scores.seeds), len(steps)), np.nan)
    rows = np.searchsorted(scores.points, history["point"].to_numpy(dtype=np.int64))
    columns = np.searchsorted(scores.seeds, history["seed"].to_numpy(dtype=np.int64))
    found[rows, columns, np.searchsorted(steps, history["step"].to_numpy(dtype=np.float64))] = history[
        "validation_accuracy"
    ].to_numpy(dtype=np.float64)
    return steps, found


def both(data: ClaimData) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Steps and both methods' paths on the steps that either evaluated."""
    loaded = [
        paths(data.tables, scores, block=data.claim.block, setting=data.setting, method=method)
        for scores, method in zip((data.first, data.second), data.claim.methods, strict=True)
    ]
    steps = np.union1d(loaded[0][0], loaded[1][0])
    aligned = []
    for at, values in loaded:
        full = np.full((*values.shape[:2], len(steps)), np.nan)
        full[..., np.searchsorted(steps, at)] = values
        aligned.append(full)
    return steps, aligned[0], aligned[1]
