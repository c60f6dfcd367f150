"""What one cell leaves behind. Plain data: no torch, so that records and reports can read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ssc_tune.frozen import LATER, Frozen

Status = Literal["ok", "diverged", "failed", "infrastructure"]
GEOMETRY = "geometry.json"
"""Name of the picture of prototypes and images, written when a cell has ended well."""

CHECKPOINT = "checkpoint.pt"
"""Name of a cell's checkpoint in its folder."""


class Evaluation(Frozen):
    """The state of a cell after ``step`` optimizer steps. Training figures are means since the last evaluation.

    What a method that is not trained here does not tell is none.
    """

    step: int
    time: float = Field(description="Seconds since the epoch at which it was taken.")
    train_loss: float | None = None
    loss_terms: dict[str, float] = Field(description="The loss's terms, by the method's names for them.")
    validation_accuracy: float = Field(description="Of the moving average of the weights.")
    confident_fraction: float | None = Field(
        None, description="Share of unlabelled images with confidence of at least tau."
    )
    confident_accuracy: float | None = Field(
        None, description="Share of the confident pseudo-labels that are right; none if no image was confident."
    )
    learning_rate: float | None = None
    images_per_second: float | None = Field(
        None, description="Images through the net while training, all views counted."
    )
    signatures: dict[str, float] = Field(
        default_factory=dict, description="Failure signatures: prototype and embedding geometry, class balance."
    )


class Geometry(Frozen):
    """Where prototypes and validation images lie, two-dimensional; see :mod:`ssc_tune.training.geometry`."""

    cosines: tuple[tuple[float, ...], ...] = Field(description="(K, K) between prototypes.")
    prototypes: tuple[tuple[float, ...], ...] = Field(description="(K, 2).")
    images: tuple[tuple[float, ...], ...] = Field(description="(N, 2).")
    labels: tuple[int, ...] = Field(description="(N,) true classes of the images.")
    share: float = Field(description="Of the images' variance that the two axes hold.")


class RunResult(Frozen):
    """The outcome of one cell. Accuracies are shares in [0, 1]."""

    status: Status
    steps: int = Field(description="Steps done.")
    validation_accuracy: float | None = Field(description="At the last evaluation.")
    test_accuracy: float | None = Field(description="Read once, after the last step; none if diverged.")
    steps_to_90: int | None = Field(
        description="First evaluated step with at least 90% of the final validation accuracy."
    )
    seconds: float = Field(description="Wall seconds inside training, over all attempts.")
    images_per_second: float | None
    num_classes: int
    num_parameters: int
    history: tuple[Evaluation, ...]
    warnings: tuple[str, ...] = ()
    peak_memory: Annotated[int | None, LATER] = Field(
        None,
        description="Bytes at most held while training: on CUDA by tensors, elsewhere by the whole process, its "
        "libraries included; none where the system does not tell.",
    )


def steps_to_share(history: Sequence[Evaluation], share: float) -> int | None:
    """First evaluated step whose validation accuracy is at least ``share`` of the last one's."""
    if not history:
        return None
    target = share * history[-1].validation_accuracy
    return next(e.step for e in history if e.validation_accuracy >= target)
