"""Encoder and head as one module."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ssc_tune import methods, models
from ssc_tune.methods import Method
from ssc_tune.models import Encoder
from ssc_tune.training.config import CellConfig, ModelConfig
from ssc_tune.training.randomness import generator


class Network(nn.Module):
    """Images (N, C, H, W) to the method's outputs (N, ...), in float32 whatever the encoder's arithmetic."""

    encoder: nn.Module
    head: nn.Module

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        features = self.encoder(images)
        with torch.autocast(images.device.type, enabled=False):
            outputs: Tensor = self.head(features.float())
        return outputs


def make_method(config: CellConfig, num_classes: int) -> Method[Any]:
    """The method of a cell with its hyperparameters."""
    return methods.make(config.method, config.hyperparameters, num_classes=num_classes)


def make_encoder(model: ModelConfig, *, in_channels: int, generator: torch.Generator) -> Encoder:
    """A new encoder as configured."""
    return models.build(model.name, variant=model.variant, in_channels=in_channels, generator=generator)


def make_network(config: CellConfig, method: Method[Any], *, in_channels: int) -> Network:
    """Encoder and head at the start; at equal seed every method has the same encoder weights."""
    encoder = make_encoder(config.model, in_channels=in_channels, generator=generator(config.seed, "encoder"))
    return Network(encoder, method.head(encoder.num_features, generator=generator(config.seed, "head")))
