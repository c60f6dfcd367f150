"""ResNet-18 and ResNet-50."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssc_tune.models.layers import Encoder, conv2d, global_average, init_convolutions
from ssc_tune.models.norm import BatchNorm2d


class _Kind(NamedTuple):
    """The blocks of a net."""

    kernels: tuple[int, ...]  # sides of the convolutions of a branch
    expansion: int  # channels after the last of them, by those of the others
    numbers: tuple[int, ...]  # blocks in each stage


_KINDS = {18: _Kind((3, 3), 1, (2, 2, 2, 2)), 50: _Kind((1, 3, 1), 4, (3, 4, 6, 3))}
"""By depth."""


class _Residual(nn.Module):
    """relu(x + branch(x)), the first x projected by a 1 x 1 convolution and normalized where its size changes.

    The branch is convolutions (``conv1``, ``conv2``, ...), each followed by batch normalization (``bn1``, ...), with a
    ReLU between any two; the stride is the first 3 x 3 one's.
    """

    def __init__(self, kind: _Kind, in_channels: int, width: int, *, stride: int) -> None:
        super().__init__()
        self.num_layers, self.out_channels = len(kind.kernels), kind.expansion * width
        channels, strided = in_channels, kind.kernels.index(3)
        for i, kernel in enumerate(kind.kernels):
            outputs = self.out_channels if i == self.num_layers - 1 else width
            convolution = conv2d(channels, outputs, kernel, stride=stride if i == strided else 1)
            self.add_module(f"conv{i + 1}", convolution)
            self.add_module(f"bn{i + 1}", BatchNorm2d(outputs))
            channels = outputs
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != self.out_channels:
            self.downsample = nn.Sequential(
                conv2d(in_channels, self.out_channels, 1, stride=stride), BatchNorm2d(self.out_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for i in range(1, self.num_layers + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.num_layers:
                y = F.relu(y, inplace=True)
        return F.relu(y + (x if self.downsample is None else self.downsample(x)), inplace=True)


class ResNet(Encoder):
    """ResNet-18 or ResNet-50 of He et al. (2016) without classifier, the stride in 3 x 3 convolutions ("v1.5").

    Names of parameters are torchvision's, so that its weights can be loaded. Batch normalization has eps 1e-5; weights
    as in :func:`ssc_tune.models.layers.init_convolutions`.

    The variant ``authors`` is for small images, as in the experiments of arXiv 2409.07292 at 32 x 32: the first
    convolution is 3 x 3 with stride 1 in place of 7 x 7 with stride 2, and no maximum is pooled after it.
    """

    def __init__(self, depth: int, *, in_channels: int, generator: torch.Generator, variant: str = "original") -> None:
        super().__init__()
        kind = _KINDS[depth]
        self.pools = variant != "authors"
        self.conv1 = conv2d(in_channels, 64, 7, stride=2) if self.pools else conv2d(in_channels, 64, 3)
        self.bn1 = BatchNorm2d(64)
        stages, channels = [], 64
        for stage, number in enumerate(kind.numbers):
            blocks: list[_Residual] = []
            for block in range(number):
                blocks.append(_Residual(kind, channels, 64 * 2**stage, stride=2 if stage > 0 and block == 0 else 1))
                channels = blocks[-1].out_channels
            stages.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.num_features = channels
        init_convolutions(self, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, 512) for ResNet-18, (N, 2048) for ResNet-50."""
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        if self.pools:
            x = F.max_pool2d(x, 3, stride=2, padding=1)
        return global_average(self.layer4(self.layer3(self.layer2(self.layer1(x)))))
