"""The encoders, built by name: ``wrn-DEPTH-WIDTH`` and ``resnet-50``."""

from __future__ import annotations

import re

import torch

from ssc_tune.models.layers import Encoder, init_linear
from ssc_tune.models.norm import BatchNorm2d, move_towards, update_running_statistics
from ssc_tune.models.resnet import ResNet50
from ssc_tune.models.wrn import WideResNet, stages

__all__ = ["BatchNorm2d", "Encoder", "build", "init_linear", "move_towards", "update_running_statistics"]

_ALLOWED = (
    "wrn-DEPTH-WIDTH with DEPTH = 6 n + 4 (wrn-10-1, wrn-28-2) or 8 n + 5 (wrn-37-2) and WIDTH >= 1, or resnet-50"
)


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
    if name == "resnet-50":
        return ResNet50(in_channels=in_channels, generator=generator)
    match = re.fullmatch(r"wrn-([1-9]\d{0,3})-([1-9]\d{0,2})", name)
    if match is None:
        raise ValueError(f"unknown model {name!r}; allowed: {_ALLOWED}")
    depth, width = int(match[1]), int(match[2])
    try:
        stages(depth)
    except ValueError:
        raise ValueError(f"unknown model {name!r}; allowed: {_ALLOWED}") from None
    return WideResNet(depth, width, in_channels=in_channels, generator=generator)
