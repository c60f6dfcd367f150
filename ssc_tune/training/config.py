"""What decides the result of one cell: frozen, validated, and hashed into the cell's id.

This module imports neither torch nor anything of the layers above, so that a study file is checked in a moment.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ssc_tune import methods
from ssc_tune.data.facts import Source
from ssc_tune.data.registry import FUNCTION_PATTERN, NAMES
from ssc_tune.frozen import LATER, Frozen, without_later
from ssc_tune.methods.own import OwnMethod
from ssc_tune.models import registry as encoders

SEMANTICS_VERSION = 2
"""Raised whenever the same configuration would train to another result; it is part of every cell's id."""

HyperparameterValue = bool | int | float | str
Precision = Literal["auto", "float32", "tf32", "bfloat16"]
if TYPE_CHECKING:
    DatasetName = str
else:
    DatasetName = Literal[tuple(NAMES)] | Annotated[str, Field(pattern=FUNCTION_PATTERN)]


class DataConfig(Frozen):
    """The data set and how its training part is divided."""

    name: DatasetName = Field(
        "digits",
        description="Data set; `folder` or `array` for one's own at `path`, or `module:function` for what a function "
        "returns ([data.md](data.md)).",
    )
    labels_per_class: Annotated[int, Field(ge=1)] = Field(4, description="Labelled images of each class.")
    validation: Annotated[int, Field(ge=1)] = Field(
        300, description="Images of the training part kept for validation; never trained on."
    )
    imbalance: Annotated[float, LATER, Field(ge=1)] = Field(
        1.0,
        description="Labelled images of the first class over those of the last; counts between fall evenly in the "
        "logarithm, from `labels_per_class`.",
    )
    unlabelled_imbalance: Annotated[float, LATER, Field(ge=1)] = Field(
        1.0, description="The same for the unlabelled images, from all of the first class."
    )
    label_noise: Annotated[float, LATER, Field(ge=0, lt=1)] = Field(
        0.0, description="Share of the labelled images whose label is wrong."
    )
    label_noise_kind: Annotated[Literal["symmetric", "pair"], LATER] = Field(
        "symmetric", description="Wrong labels are any other class, or the next one."
    )
    path: Annotated[str | None, LATER] = Field(
        None, description="Of `folder` and `array`: where they are, relative to the study file."
    )
    size: Annotated[Annotated[int, Field(ge=1)] | None, LATER] = Field(
        None, description="Of `folder`: side in pixels that images are resized to; needed where they differ."
    )
    mirror: Annotated[bool, LATER] = Field(
        False, description="Of `folder` and `array`: a mirrored image keeps its label, so that views are mirrored."
    )
    fingerprint: Annotated[str | None, LATER] = Field(
        None,
        description="Of one's own data: their content, taken when the study is read, so that changed data are other "
        "cells. Where it is given, the data must have it.",
    )

    @property
    def source(self) -> Source:
        """Which data these are, for :func:`ssc_tune.data.load`."""
        return Source(self.name, self.path, self.size, self.mirror, self.fingerprint)

    @staticmethod
    def identity(content: dict[str, Any]) -> dict[str, Any]:
        """``content``, the JSON values of a DataConfig, without what decides no result: own data may be moved."""
        found = without_later(DataConfig, content)
        return {key: value for key, value in found.items() if key != "path" or "fingerprint" not in found}


class ModelConfig(Frozen):
    """The encoder."""

    name: str = Field("wrn-10-1", pattern=encoders.PATTERN, description=f"{encoders.TITLES}.")


class TrainingConfig(Frozen):
    """How one cell is trained, apart from the hyperparameters under study."""

    steps: Annotated[int, Field(ge=1)] = Field(200, description="Optimizer steps K.")
    evaluations: Annotated[int, Field(ge=1)] = Field(
        8, description="Evaluations (with a checkpoint each), evenly spaced, the last after the last step."
    )
    precision: Precision = Field(
        "auto",
        description="Arithmetic of the encoder: auto is bfloat16 where the processor has it; tf32 is float32 elsewhere "
        "than on CUDA.",
    )
    compile: bool = Field(
        False, description="Compile the step with torch.compile; on CUDA steps are captured as graphs anyway."
    )
    channels_last: bool = Field(True, description="Keep images and activations in channels-last memory order.")
    weak_view: Literal["joint", "separate"] = Field(
        "joint", description="Forward the weak view with the rest, or alone and without gradients."
    )

    @model_validator(mode="after")
    def _evaluations_fit(self) -> TrainingConfig:
        if self.evaluations > self.steps:
            raise ValueError(f"evaluations ({self.evaluations}) must not exceed steps ({self.steps})")
        return self


class CellConfig(Frozen):
    """One training run, complete: equal configurations give equal results on the same machine.

    ``hyperparameters`` holds every hyperparameter of the method, defaults included, as validated by the method's own
    model (see :func:`ssc_tune.methods.resolve`).
    """

    data: DataConfig
    model: ModelConfig
    training: TrainingConfig
    method: str
    hyperparameters: dict[str, HyperparameterValue]
    seed: Annotated[int, Field(ge=0)]
    own: Annotated[OwnMethod | None, LATER] = Field(
        None, description="What the study declares of the method, if it is not one of ours."
    )

    @field_validator("hyperparameters")
    @classmethod
    def _sorted(cls, value: dict[str, HyperparameterValue]) -> dict[str, HyperparameterValue]:
        return dict(sorted(value.items()))

    @model_validator(mode="before")
    @classmethod
    def _resolve(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("method"), str) and "hyperparameters" in data:
            own = data.get("own")
            own = OwnMethod.model_validate(own) if isinstance(own, dict) else own
            resolved = methods.resolve(data["method"], data["hyperparameters"], own)
            data = {**data, "hyperparameters": resolved, "own": own}
        return data

    @property
    def is_ours_to_train(self) -> bool:
        """Whether our loop trains it, and not a function or command."""
        return self.own is None or self.own.is_ours_to_train

    @property
    def cell_id(self) -> str:
        """16 hexadecimal digits of the SHA-256 of the canonical JSON of this configuration and SEMANTICS_VERSION."""
        content = {"semantics": SEMANTICS_VERSION, **without_later(CellConfig, self.model_dump(mode="json"))}
        content |= {
            "data": DataConfig.identity(content["data"]),
            "model": without_later(ModelConfig, content["model"]),
            "training": without_later(TrainingConfig, content["training"]),
            "hyperparameters": without_later(
                methods.hyperparameters_of(self.method, self.own), content["hyperparameters"]
            ),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
