"""Encoder and head as one module."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ssc_tune import data, methods, models
from ssc_tune.methods import Method
from ssc_tune.methods.base import Extent
from ssc_tune.models import Encoder
from ssc_tune.training.config import CellConfig, ModelConfig
from ssc_tune.training.randomness import generator


class Network(nn.Module):
    """Images (N, C, H, W) to the method's outputs (N, ...), in float32 whatever the encoder's arithmetic.

    Args:
        encoder: images to features.
        head: features to outputs.
        frozen: the encoder has no gradient and stays in evaluation mode.
    """

    encoder: nn.Module
    head: nn.Module

    def __init__(self, encoder: nn.Module, head: nn.Module, *, frozen: bool = False) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        self.frozen = frozen
        if frozen:
            encoder.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Network:
        """See torch; a frozen encoder stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    @property
    def trained(self) -> nn.Module:
        """The part that training moves."""
        return self.head if self.frozen else self

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        features = self.encoder(images)
        with torch.autocast(images.device.type, enabled=False):
            outputs: Tensor = self.head(features.float())
        return outputs


def make_method(config: CellConfig, num_classes: int, *, unlabelled: int | None = None) -> Method[Any]:
    """The method of a cell with its hyperparameters.

    ``unlabelled`` is the number of images in the unlabelled pool; all but the validation images where absent.
    """
    info = data.info(config.data.source)
    images = info.train_size + info.unlabelled
    shown = images - config.data.held_out(info.train_size) if unlabelled is None else unlabelled
    extent = Extent(images=images, unlabelled=shown, steps=config.training.steps)
    return methods.make(config.method, config.hyperparameters, num_classes=num_classes, extent=extent, own=config.own)


def make_encoder(model: ModelConfig, *, in_channels: int, generator: torch.Generator) -> Encoder:
    """A new encoder as configured."""
    return models.build(
        model.name, variant=model.variant, input_size=model.input_size, in_channels=in_channels, generator=generator
    )


def make_network(config: CellConfig, method: Method[Any], *, in_channels: int) -> Network:
    """Encoder and head at the start; at equal seed every method has the same encoder weights."""
    encoder = make_encoder(config.model, in_channels=in_channels, generator=generator(config.seed, "encoder"))
    head = method.head(encoder.num_features, generator=generator(config.seed, "head"))
    return Network(encoder, head, frozen=config.model.train == "head")


def start_encoder(network: Network, model: ModelConfig, pretrained: Mapping[str, Tensor] | None = None) -> None:
    """Gives a new network's encoder the weights that it starts from: pre-trained ones, or those of the model's file.

    Raises:
        InputError: the file does not fit the encoder, or is another than it was.
    """
    if pretrained is not None:
        network.encoder.load_state_dict(pretrained)
    elif model.weights is not None and model.weights_sha256 is not None:
        assert isinstance(network.encoder, Encoder)
        models.load_weights(network.encoder, Path(model.weights), sha256=model.weights_sha256)
