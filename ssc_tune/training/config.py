"""What decides the result of one cell: frozen, validated, and hashed into the cell's id.

This module imports neither torch nor anything of the layers above, so that a study file is checked in a moment.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, field_validator, model_validator

from ssc_tune import methods
from ssc_tune.data.facts import Source
from ssc_tune.data.registry import EXTRA, FUNCTION_PATTERN, NAMES
from ssc_tune.frozen import LATER, Frozen, without_later
from ssc_tune.methods.own import OwnMethod
from ssc_tune.models import registry as encoders

SEMANTICS_VERSION = 2
"""Raised whenever the same configuration would train to another result; it is part of every cell's id."""

HyperparameterValue = bool | int | float | str
Precision = Literal["auto", "float32", "tf32", "bfloat16"]
if TYPE_CHECKING:
    DatasetName = str
    Variant = str
else:
    DatasetName = Literal[tuple(NAMES)] | Annotated[str, Field(pattern=FUNCTION_PATTERN)]
    Variant = Literal[encoders.VARIANTS]


class DataConfig(Frozen):
    """The data set and how its training part is divided."""

    name: DatasetName = Field(
        "digits",
        description="Data set; `folder` or `array` for one's own at `path`, or `module:function` for what a function "
        "returns ([data.md](data.md)).",
    )
    labels_per_class: Annotated[int, Field(ge=1)] = Field(4, description="Labelled images of each class.")
    validation: Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, lt=1)] = Field(
        300,
        description="Images of the training part kept for validation, a number or a share of those with a label; never "
        "trained on.",
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
    unknown_classes: Annotated[int, LATER, Field(ge=0)] = Field(
        0,
        description="So many of the last classes are unknown: their images are among the unlabelled ones alone, and "
        "neither labelled nor validation nor test images are of them.",
    )
    unknown_share: Annotated[Annotated[float, Field(gt=0, lt=1)] | None, LATER] = Field(
        None, description="Share of unlabelled images that are of unknown classes; as many as there are when absent."
    )
    path: Annotated[str | None, LATER] = Field(
        None, description="Of `folder` and `array`: where they are, relative to the study file."
    )
    size: Annotated[Annotated[int, Field(ge=1)] | None, LATER] = Field(
        None, description="Of `folder`: side in pixels that images are resized to; needed where they differ."
    )
    extra: Annotated[bool, LATER] = Field(
        False, description="Of `svhn`: the part of that name joins the training part."
    )
    mirror: Annotated[bool, LATER] = Field(
        False, description="Of `folder` and `array`: a mirrored image keeps its label, so that views are mirrored."
    )
    fingerprint: Annotated[str | None, LATER] = Field(
        None,
        description="Of one's own data: their content, taken when the study is read, so that changed data are other "
        "cells. Where it is given, the data must have it.",
    )

    @field_validator("validation", mode="wrap")
    @classmethod
    def _number_or_share(cls, value: Any, checked: ValidatorFunctionWrapHandler) -> int | float:
        try:
            found: int | float = checked(value)
        except ValidationError as error:
            text = "must be a number of images, at least 1, or a share, greater than 0 and less than 1"
            raise ValueError(f"{text}, not {value!r}") from error
        return found

    @property
    def source(self) -> Source:
        """Which data these are, for :func:`ssc_tune.data.load`."""
        name = EXTRA.get(self.name, self.name) if self.extra else self.name
        return Source(name, self.path, self.size, self.mirror, self.fingerprint, self.unknown_classes)

    def held_out(self, train_size: int) -> int:
        """Validation images of so many with a label."""
        return self.validation if isinstance(self.validation, int) else max(1, round(self.validation * train_size))

    def identity(self) -> dict[str, Any]:
        """See the base; data of one's own that have a fingerprint may be moved."""
        return {key: value for key, value in super().identity().items() if key != "path" or self.fingerprint is None}


class ModelConfig(Frozen):
    """The encoder."""

    name: str = Field("wrn-10-1", pattern=encoders.PATTERN, description=f"{encoders.TITLES}.")
    variant: Annotated[Variant, LATER] = Field(
        "original", description="The net of the original publication, or that of the code of arXiv 2409.07292."
    )
    input_size: Annotated[int | None, LATER, Field(ge=8, le=1024)] = Field(
        None,
        description="Images are resized to this many pixels a side; when absent they stay as they are, or get the size "
        "that timm gives its net.",
    )
    weights: Annotated[str | None, LATER] = Field(
        None, description="Path of a state dict that the encoder starts from, relative to the study file."
    )
    weights_sha256: Annotated[str | None, LATER, Field(pattern="^[0-9a-f]{64}$")] = Field(
        None, description="SHA-256 of that file; found when the study is read, and refused if it is another."
    )
    train: Annotated[Literal["all", "head"], LATER] = Field(
        "all", description="Train the encoder and the head, or the head alone on a frozen encoder."
    )

    @model_validator(mode="after")
    def _weights_are_identified(self) -> ModelConfig:
        if (self.weights is None) != (self.weights_sha256 is None):
            raise ValueError(
                "weights and weights_sha256 go together; ssc_tune.atomic.digest gives the SHA-256 of a file"
            )
        return self

    def identity(self) -> dict[str, Any]:
        """See the base; weights are known by their SHA-256 and may be moved."""
        return {key: value for key, value in super().identity().items() if key != "weights"}


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


class PretrainConfig(Frozen):
    """A first stage without labels: SimCLR on the unlabelled images. Cells with the same one share its encoder.

    What is trained is kept under the storage path as `pretrained/ID.pt`. Its encoder starts as that of a cell does,
    sees all training images but those of validation, and ends as the encoder that cells start from, whatever their
    method, hyperparameters and number of labels.
    """

    SOURCES: ClassVar[tuple[str, ...]] = ("chen2020simclr",)
    """Where it was published, as keys of :mod:`ssc_tune.sources`."""
    method: Literal["simclr"] = Field("simclr", description="NT-Xent between two strong views of each image.")
    steps: Annotated[int, Field(ge=1)] = Field(1000, description="Optimizer steps.")
    batch_size: Annotated[int, Field(ge=2)] = Field(256, description="Images a step, each in two views.")
    learning_rate: Annotated[float, Field(gt=0)] = Field(0.1, description="Peak learning rate of SGD.")
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.9, description="Nesterov momentum.")
    weight_decay: Annotated[float, Field(ge=0)] = Field(1e-4, description="L2 decay, not on biases and normalization.")
    temperature: Annotated[float, Field(gt=0)] = Field(0.5, description="T of the NT-Xent loss.")
    projection_layers: Annotated[int, Field(ge=1, le=3)] = Field(
        2, description="Linear layers of the projection, which is dropped afterwards."
    )
    projection_width: Annotated[int, Field(ge=1)] = Field(128, description="Width of the projection's output.")
    randaugment_n: Annotated[int, Field(ge=0)] = Field(2, description="RandAugment operations a view.")
    randaugment_m: Annotated[float, Field(ge=0, le=10)] = Field(10.0, description="RandAugment magnitude, 0 to 10.")
    cutout: Annotated[float, Field(ge=0, le=1)] = Field(0.5, description="Cutout's side as a share of the image's.")
    seed: Literal["each", "shared"] = Field(
        "each", description="Pre-train for each seed of the study, or once, with seed 0, for all."
    )


_OF_LABELS = {"labels_per_class", "imbalance", "label_noise", "label_noise_kind"}


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
    pretrain: Annotated[PretrainConfig | None, LATER] = None
    threads: Annotated[int, LATER, Field(ge=1)] = Field(1, description="Threads that torch computes with.")

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
        return _short_hash({"semantics": SEMANTICS_VERSION, **self.identity()})

    def identity(self) -> dict[str, Any]:
        """See the base; of the hyperparameters too, later ones at their default are no part."""
        kind = methods.hyperparameters_of(self.method, self.own)
        return {**super().identity(), "hyperparameters": without_later(kind, self.hyperparameters)}

    @property
    def pretraining_seed(self) -> int:
        """That of the pre-training: the cell's, or 0 where all share one."""
        return 0 if self.pretrain is not None and self.pretrain.seed == "shared" else self.seed

    @property
    def pretraining_id(self) -> str:
        """16 hexadecimal digits, like ``cell_id``, equal for cells that share a pre-trained encoder.

        Data without the number of labels, the encoder without whether it is frozen, the pre-training, its seed,
        arithmetic, memory order and threads.
        """
        assert self.pretrain is not None
        content = {
            "semantics": SEMANTICS_VERSION,
            "data": {key: value for key, value in self.data.identity().items() if key not in _OF_LABELS},
            "model": {key: value for key, value in self.model.identity().items() if key != "train"},
            "training": {key: getattr(self.training, key) for key in ("precision", "channels_last")},
            "pretrain": {key: value for key, value in self.pretrain.identity().items() if key != "seed"},
            "seed": self.pretraining_seed,
        }
        return _short_hash(content if self.threads == 1 else {**content, "threads": self.threads})


def _short_hash(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
