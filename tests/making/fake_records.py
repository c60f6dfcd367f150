"""Records of a whole design with made-up accuracies, so that everything after training can be tested without it."""

from __future__ import annotations

import numpy as np

from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.records import Record, StudyFolder
from ssc_tune.study.model.study import Study
from ssc_tune.study.registration import plan_hash
from tests.making import records
from tests.making.records import START


def record(
    of: Study, cell: Cell, number: int, *, sd: dict[str, float], registrations: tuple[str, ...] | None = None
) -> Record:
    """A cell whose accuracy has a standard deviation over points that depends on its method; its plan stood first."""
    place = cell.placement
    point = np.random.default_rng([1, place.point]).normal()
    noise = np.random.default_rng([2, place.point, place.seed, len(place.method)]).normal() * 0.003
    accuracy = float(np.clip(0.8 + sd[place.method] * point + noise, 0.05, 0.99))
    began = START + number
    return records.record(
        cell,
        accuracy,
        study=of.name,
        times=(began, began + 5),
        about={"registrations": (plan_hash(of),) if registrations is None else registrations},
        steps=4,
        steps_to_90=4,
        history=tuple(
            records.evaluation(step, accuracy * share, time=began + step) for step, share in ((2, 0.8), (4, 1.0))
        ),
    )


def fill(of: Study, folder: StudyFolder, *, sd: dict[str, float] | None = None) -> dict[str, Record]:
    """Writes a record for every cell of a fixed design."""
    found = {}
    for number, cell in enumerate({c.cell_id: c for c in fixed_cells(of)}.values()):
        found[cell.cell_id] = record(of, cell, number, sd=sd or {"fixmatch": 0.06, "ssc": 0.01})
        folder.records.write(found[cell.cell_id])
    return found
