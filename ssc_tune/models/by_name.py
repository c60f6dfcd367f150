"""Encoders by name."""

from __future__ import annotations

import torch

from ssc_tune.models.layers import Encoder
from ssc_tune.models.names import shape_of
from ssc_tune.models.resnet import ResNet50
from ssc_tune.models.wrn import WideResNet


def build(name: str, *, in_channels: int, generator: torch.Generator) -> Encoder:
    """A new encoder for images of any size from 8 x 8, on the CPU, in training mode.

    Args:
        name: ``wrn-DEPTH-WIDTH`` (:class:`ssc_tune.models.wrn.WideResNet`) or ``resnet-50``.
        in_channels: channels C of the images.
        generator: a CPU generator, the only source of randomness: equal states give equal weights.

    Raises:
        ValueError: no encoder has this name; the message says what is allowed.
    """
    if in_channels < 1:
        raise ValueError(f"in_channels ({in_channels}) must be at least 1")
    shape = shape_of(name)
    if shape is None:
        return ResNet50(in_channels=in_channels, generator=generator)
    return WideResNet(shape.depth, shape.width, in_channels=in_channels, generator=generator)
