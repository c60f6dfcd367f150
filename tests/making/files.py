"""Texts of study files, and the folder that a command is run in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ssc_tune.design import Cell
from ssc_tune.design.cells import fixed_cells
from ssc_tune.records import Record, StudyFolder
from ssc_tune.study import Study, load_study
from tests.making.records import LOST, START, evaluation, put, record

BASE = """\
name: small
methods: [fixmatch, ssc]
hyperparameters: {batch_size: 32}
search_space:
  parameters:
    learning_rate: {type: float, default: 0.03, factor: 3}
    tau: {type: float, default: 0.95, low: 0.6, high: 0.99, log: true, complement: true}
    temperature: {type: float, default: 0.1, low: 0.03, high: 0.3, log: true, applies_to: [ssc]}
design: {type: sobol, points: 4}
seeds: 2
blocks:
  shared: {}
  specific: {parameters: [tau, temperature, learning_rate]}
claims:
  - {name: stability, less: ssc, than: fixmatch, in: std}
"""
"""A small valid study."""

TEXT = """\
name: small
description: A study for tests.
training: {steps: 40, evaluations: 2}
methods: [fixmatch, ssc]
search_space:
  parameters:
    tau: {type: float, default: 0.95, low: 0.6, high: 0.99, log: true, complement: true}
    learning_rate: {type: float, default: 0.03, factor: 3}
    temperature: {type: float, default: 0.1, factor: 3, applies_to: [ssc]}
design: {type: sobol, points: 4}
seeds: 2
blocks:
  shared: {}
  specific: {parameters: [learning_rate, temperature]}
claims:
  - {name: better, more: ssc, than: fixmatch, in: mean, expected: supported}
  - {name: stability, less: ssc, than: fixmatch, in: std}
"""


def true_accuracy(cell: Cell) -> float:
    place = cell.placement
    return 0.7 + 0.1 * (place.method == "ssc") + 0.01 * place.point + 0.001 * place.seed


def _record(cell: Cell, **changes: Any) -> Record:
    accuracy = true_accuracy(cell)
    return record(
        cell,
        accuracy,
        times=(START, START + 2),
        attempt={"outcome": "finished", "host": "node-1"},
        about={"environment": {"host": "node-1"}},
        **{
            "steps": 40,
            "validation_accuracy": accuracy - 0.1 + 0.09,
            "steps_to_90": 20,
            "images_per_second": 1000.0,
            "num_parameters": 77_850,
            "history": tuple(
                evaluation(
                    20 * (i + 1),
                    accuracy - 0.1 + 0.09 * i,
                    time=START + i,
                    train_loss=1.0 - 0.1 * i,
                    loss_terms={"labelled": 0.5},
                )
                for i in range(2)
            ),
            **changes,
        },
    )


FAILED: dict[str, Any] = {"status": "failed", **LOST}


ONE_BLOCK = "".join(line for line in TEXT.splitlines(keepends=True) if "temperature" not in line)
"""The same study with fewer figures, which take most of the time of a report."""


class Bench:
    """A study file and a storage folder in the working directory.

    Args:
        folder: of the file.
        text: of the study, whose name is small.
    """

    def __init__(self, folder: Path, text: str = TEXT) -> None:
        self.file = folder / "small.yaml"
        self.file.write_text(text, encoding="utf-8")
        self.study: Study = load_study(self.file)
        self.folder = StudyFolder(Path("runs"), "small")
        self.cells = list({cell.cell_id: cell for cell in fixed_cells(self.study)}.values())

    def fill(self, cells: list[Cell] | None = None, **changes: Any) -> None:
        """Writes records of these cells, of all of them unless told otherwise, as a run would."""
        content = {"study": self.study.model_dump(mode="json", by_alias=True), "command": "python -m ssc_tune.run ..."}
        self.folder.write_json("study.json", content)
        for cell in self.cells if cells is None else cells:
            put(self.folder, _record(cell, **changes))
