"""Encoder and head as one module."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ssc_tune import methods, models
from ssc_tune.data.registry import DATASETS
from ssc_tune.methods import Method
from ssc_tune.methods.base import Extent
from ssc_tune.training.config import CellConfig
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
    images = DATASETS[config.data.name].train_size
    extent = Extent(images=images, unlabelled=images - config.data.validation, steps=config.training.steps)
    return methods.make(config.method, config.hyperparameters, num_classes=num_classes, extent=extent)


def make_network(config: CellConfig, method: Method[Any], *, in_channels: int) -> Network:
    """Encoder and head at the start; at equal seed every method has the same encoder weights."""
    encoder = models.build(config.model.name, in_channels=in_channels, generator=generator(config.seed, "encoder"))
    return Network(encoder, method.head(encoder.num_features, generator=generator(config.seed, "head")))
