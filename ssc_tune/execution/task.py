"""What a worker is told."""

from __future__ import annotations

from pydantic import Field

from ssc_tune.design.cells import Cell
from ssc_tune.frozen import Frozen
from ssc_tune.records import StudyFolder
from ssc_tune.records.registrations import standing
from ssc_tune.study.model.study import Study
from ssc_tune.training.config import CellConfig


class Task(Frozen):
    """One cell to run, as it travels to a worker."""

    storage: str
    study: str
    placement: tuple[str, str, str, int, int]
    config: CellConfig
    retries: int
    registrations: tuple[str, ...] = Field(description="Hashes of the plans that stood before the cell was begun.")
    launch: str = Field("", description="The driver's launch that hands it out.")
    timeout: float | None = Field(None, description="Seconds without progress after which it is ended.")
    folder: str = Field("", description="Of the study file, where modules of its own methods are looked for.")


STANDSTILL = 1800.0
"""Seconds without progress after which a cell is ended, where the study does not say. Methods of a user's may report at
their end alone, and have no such limit."""


def make_task(study: Study, folder: StudyFolder, cell: Cell, *, launch: str = "") -> Task:
    """What a worker is told of a cell, with the registrations that stand as it is handed out."""
    return Task(
        storage=folder.files.reach,
        study=study.name,
        placement=tuple(cell.placement),
        config=cell.config,
        retries=study.retries,
        registrations=standing(folder.storage, cell.cell_id),
        launch=launch,
        timeout=study.timeout or (STANDSTILL if cell.config.is_ours_to_train else None),
        folder=cell.config.own.folder if cell.config.own is not None else "",
    )
