"""What a worker is told."""

from __future__ import annotations

from pydantic import Field

from ssc_tune.frozen import Frozen
from ssc_tune.training.config import CellConfig


class Task(Frozen):
    """One cell to run, as it travels to a worker."""

    storage: str
    study: str
    placement: tuple[str, str, str, int, int]
    config: CellConfig
    retries: int
    registrations: tuple[str, ...] = Field(description="Hashes of the plans that stood before the cell was begun.")
    threads: int = Field(description="torch threads.")
