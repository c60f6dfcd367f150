"""ResNet-18 and ResNet-50."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssc_tune.models.layers import Encoder, conv2d, global_average, init_convolutions
from ssc_tune.models.norm import BatchNorm2d


class _Residual(nn.Module):
    """relu(x + branch(x)), the first x projected by a 1 x 1 convolution and normalized where its size changes."""

    expansion: int

    def __init__(self, in_channels: int, width: int, *, stride: int) -> None:
        super().__init__()
        self.out_channels = self.expansion * width
        self.add_branch(in_channels, width, stride)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != self.out_channels:
            self.downsample = nn.Sequential(
                conv2d(in_channels, self.out_channels, 1, stride=stride), BatchNorm2d(self.out_channels)
            )

    def add_branch(self, in_channels: int, width: int, stride: int) -> None:
        """Makes the layers of the branch."""
        raise NotImplementedError

    def branch(self, x: Tensor) -> Tensor:
        """What is added to x."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.branch(x) + (x if self.downsample is None else self.downsample(x)), inplace=True)


class _Basic(_Residual):
    """Two 3 x 3 convolutions, each followed by batch normalization; the stride is the first one's."""

    expansion = 1

    def add_branch(self, in_channels: int, width: int, stride: int) -> None:
        """See the class."""
        self.conv1, self.bn1 = conv2d(in_channels, width, 3, stride=stride), BatchNorm2d(width)
        self.conv2, self.bn2 = conv2d(width, width, 3), BatchNorm2d(width)

    def branch(self, x: Tensor) -> Tensor:
        """See the class."""
        y: Tensor = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
        return y


class _Bottleneck(_Residual):
    """1 x 1, 3 x 3, 1 x 1 convolutions, each followed by batch normalization; the stride is the 3 x 3 one's."""

    expansion = 4

    def add_branch(self, in_channels: int, width: int, stride: int) -> None:
        """See the class."""
        self.conv1, self.bn1 = conv2d(in_channels, width, 1), BatchNorm2d(width)
        self.conv2, self.bn2 = conv2d(width, width, 3, stride=stride), BatchNorm2d(width)
        self.conv3, self.bn3 = conv2d(width, self.out_channels, 1), BatchNorm2d(self.out_channels)

    def branch(self, x: Tensor) -> Tensor:
        """See the class."""
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        z: Tensor = self.bn3(self.conv3(y))
        return z


_BLOCKS: dict[int, tuple[type[_Residual], tuple[int, ...]]] = {
    18: (_Basic, (2, 2, 2, 2)),
    50: (_Bottleneck, (3, 4, 6, 3)),
}


class ResNet(Encoder):
    """ResNet-18 or ResNet-50 of He et al. (2016) without classifier, the stride in 3 x 3 convolutions ("v1.5").

    Names of parameters are torchvision's, so that its weights can be loaded. Batch normalization has eps 1e-5; weights
    as in :func:`ssc_tune.models.layers.init_convolutions`.

    The variant ``authors`` is for small images, as in the experiments of arXiv 2409.07292 at 32 x 32: the first
    convolution is 3 x 3 with stride 1 in place of 7 x 7 with stride 2, and no maximum is pooled after it.
    """

    def __init__(self, depth: int, *, in_channels: int, generator: torch.Generator, variant: str = "original") -> None:
        super().__init__()
        block, numbers = _BLOCKS[depth]
        self.pools = variant != "authors"
        self.conv1 = conv2d(in_channels, 64, 7, stride=2) if self.pools else conv2d(in_channels, 64, 3)
        self.bn1 = BatchNorm2d(64)
        stages, channels = [], 64
        for stage, number in enumerate(numbers):
            width = 64 * 2**stage
            stages.append(_stage(block, channels, width, number, stride=1 if stage == 0 else 2))
            channels = block.expansion * width
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.num_features = channels
        init_convolutions(self, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, 512) for ResNet-18, (N, 2048) for ResNet-50."""
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        if self.pools:
            x = F.max_pool2d(x, 3, stride=2, padding=1)
        return global_average(self.layer4(self.layer3(self.layer2(self.layer1(x)))))


def _stage(block: type[_Residual], in_channels: int, width: int, number: int, *, stride: int) -> nn.Sequential:
    first = block(in_channels, width, stride=stride)
    return nn.Sequential(first, *(block(first.out_channels, width, stride=1) for _ in range(number - 1)))
