"""Factors: parameters of a search space that set the data or the net, by the names that a search space gives them.

A parameter of one of these names is a factor unless a method of the study has a hyperparameter of that name. The length
of training is none: cells of different lengths have neither curves nor steps to 90% in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeVar

from ssc_tune.training.config import CellConfig, DataConfig, ModelConfig

Part = TypeVar("Part", DataConfig, ModelConfig)


class Factor(NamedTuple):
    """What a factor sets."""

    part: Literal["data", "model"]  # of the study file
    key: str  # of that part

    @property
    def path(self) -> str:
        """As it stands in a study file: ``data.labels_per_class``."""
        return f"{self.part}.{self.key}"

    @property
    def config(self) -> type[DataConfig] | type[ModelConfig]:
        """The model of its part, with the limits of its values."""
        return DataConfig if self.part == "data" else ModelConfig

    def of(self, config: CellConfig) -> Any:
        """Its value in a cell."""
        return getattr(getattr(config, self.part), self.key)


FACTORS: dict[str, Factor] = {
    "labels_per_class": Factor("data", "labels_per_class"),
    "imbalance": Factor("data", "imbalance"),
    "unlabelled_imbalance": Factor("data", "unlabelled_imbalance"),
    "label_noise": Factor("data", "label_noise"),
    "unknown_share": Factor("data", "unknown_share"),
    "model": Factor("model", "name"),
    "input_size": Factor("model", "input_size"),
}
"""Every factor by its name."""


def placed(part: Part, values: Mapping[str, Any]) -> Part:
    """A part of a cell with other values of some of its keys, validated; the same where there are none."""
    return type(part).model_validate({**part.model_dump(), **values}) if values else part
