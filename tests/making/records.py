"""Records of cells that nothing was trained for, as a worker writes them."""

from __future__ import annotations

from typing import Any

from ssc_tune.design import Cell
from ssc_tune.records import Attempt, Record, StudyFolder
from ssc_tune.training.result import Evaluation, RunResult, Status

START = 1_700_000_000.0  # seconds since the epoch, long past
LOST: dict[str, Any] = {"validation_accuracy": None, "test_accuracy": None, "history": ()}
"""What a cell has not that did not come to its end."""


def attempt(number: int, outcome: str = "running", **changes: Any) -> Attempt:
    """One try at a cell."""
    return Attempt.model_validate({"number": number, "started": float(number), "outcome": outcome, **changes})


def put(folder: StudyFolder, made: Record) -> None:
    """Writes a record in the place of the one that is there, if any: what a run never does."""
    folder.records.path(made.cell_id).unlink(missing_ok=True)
    assert folder.records.write(made)


def evaluation(step: int = 1, accuracy: float = 0.5, **changes: Any) -> Evaluation:
    """One evaluation of a history."""
    content = {
        "step": step,
        "time": START + step,
        "train_loss": 1.0,
        "loss_terms": {},
        "validation_accuracy": accuracy,
        "confident_fraction": 0.5,
        "confident_accuracy": 0.9,
        "learning_rate": 0.03,
        "images_per_second": 1000.0,
    }
    return Evaluation.model_validate({**content, **changes})


def record(
    cell: Cell,
    accuracy: float = 0.5,
    *,
    study: str = "small",
    status: Status = "ok",
    times: tuple[float, float] = (1.0, 2.5),
    attempt: dict[str, Any] | None = None,
    about: dict[str, Any] | None = None,
    **result: Any,
) -> Record:
    """A record of a cell.

    Args:
        cell: the cell.
        accuracy: of validation and test, unless ``result`` says otherwise; none if the cell was not ok.
        study: the name of the study that ran it.
        status: how it ended.
        times: when it started and ended.
        attempt: fields of its only attempt that differ.
        about: fields of the record that differ.
        **result: fields of the result that differ, such as its history.
    """
    good = status == "ok"
    started, ended = times
    content = {
        "status": status,
        "steps": 6,
        "validation_accuracy": accuracy if good else None,
        "test_accuracy": accuracy if good else None,
        "steps_to_90": 6 if good else None,
        "seconds": ended - started,
        "images_per_second": 1000.0 if good else None,
        "num_classes": 10,
        "num_parameters": 1000,
        "history": (),
        **result,
    }
    outcome = "finished" if good else "raised"
    whole = {
        "cell_id": cell.cell_id,
        "study": study,
        "block": cell.placement.block,
        "setting": cell.placement.setting,
        "point": cell.placement.point,
        "config": cell.config,
        "result": RunResult(**content),
        "attempts": (
            Attempt(**{"number": 1, "started": started, "ended": ended, "outcome": outcome, **(attempt or {})}),
        ),
        "versions": {"python": "3.11"},
        "environment": {"host": "here"},
        "started": started,
        "ended": ended,
        **(about or {}),
    }
    return Record(**whole)
