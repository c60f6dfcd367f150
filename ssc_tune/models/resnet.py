"""ResNet-50."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssc_tune.models.layers import Encoder, conv2d, global_average, init_convolutions
from ssc_tune.models.norm import BatchNorm2d


class _Bottleneck(nn.Module):
    """relu(x + 1x1 conv(3x3 conv(1x1 conv(x)))), each followed by batch normalization; the stride is the 3x3 one's."""

    def __init__(self, in_channels: int, width: int, *, stride: int) -> None:
        super().__init__()
        out_channels = 4 * width
        self.conv1, self.bn1 = conv2d(in_channels, width, 1), BatchNorm2d(width)
        self.conv2, self.bn2 = conv2d(width, width, 3, stride=stride), BatchNorm2d(width)
        self.conv3, self.bn3 = conv2d(width, out_channels, 1), BatchNorm2d(out_channels)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                conv2d(in_channels, out_channels, 1, stride=stride), BatchNorm2d(out_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)), inplace=True)


class ResNet50(Encoder):
    """ResNet-50 of He et al. (2016) without its classifier, with the stride in the 3 x 3 convolution ("v1.5").

    Names of parameters are torchvision's, so that its weights can be loaded. Batch normalization has eps 1e-5; weights
    as in :func:`ssc_tune.models.layers.init_convolutions`.
    """

    def __init__(self, *, in_channels: int, generator: torch.Generator) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv2d(in_channels, 64, 7, stride=2), BatchNorm2d(64)
        self.layer1 = _stage(64, 64, 3, stride=1)
        self.layer2 = _stage(256, 128, 4, stride=2)
        self.layer3 = _stage(512, 256, 6, stride=2)
        self.layer4 = _stage(1024, 512, 3, stride=2)
        self.num_features = 2048
        init_convolutions(self, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, 2048)."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x)), inplace=True), 3, stride=2, padding=1)
        return global_average(self.layer4(self.layer3(self.layer2(self.layer1(x)))))


def _stage(in_channels: int, width: int, num_blocks: int, *, stride: int) -> nn.Sequential:
    first = _Bottleneck(in_channels, width, stride=stride)
    return nn.Sequential(first, *(_Bottleneck(4 * width, width, stride=1) for _ in range(num_blocks - 1)))
