"""What the nets share: the encoder's interface, and layers whose weights come from a given generator alone."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssc_tune.models.convolution import Conv2d


class Encoder(nn.Module):
    """A net that maps images (N, C, H, W) to pooled features (N, num_features). It has no classifier."""

    num_features: int

    @property
    def core(self) -> nn.Module:
        """The module whose names of weights files use."""
        return self


class Wrapped(Encoder):
    """A net with images resized for it, bilinearly and on their device.

    Args:
        net: images to features (N, num_features).
        num_features: width of the features.
        size: pixels a side of what the net is given.
    """

    def __init__(self, net: nn.Module, num_features: int, size: int) -> None:
        super().__init__()
        self.net, self.num_features, self.size = net, num_features, size

    @property
    def core(self) -> nn.Module:
        """The net."""
        return self.net

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, num_features)."""
        if images.shape[-2:] != (self.size, self.size):
            images = F.interpolate(images, size=(self.size, self.size), mode="bilinear", align_corners=False)
        features: Tensor = self.net(images)
        return features


def conv2d(in_channels: int, out_channels: int, kernel_size: int, *, stride: int = 1, bias: bool = False) -> Conv2d:
    """A convolution with padding that keeps the size at stride 1; its weights are not set yet."""
    return Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2, bias=bias)


def init_convolutions(model: nn.Module, *, generator: torch.Generator) -> None:
    """Every convolution's weights normal with mean 0 and variance 2 / (out_channels * k * k), its bias 0.

    This is He et al. (2015) with the fan of the outputs and the gain of a plain ReLU, as in FixMatch's code; the slope
    0.1 of LeakyReLU, which would make it 2 / 1.01, is left out there too.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def init_linear(linear: nn.Linear, *, generator: torch.Generator) -> None:
    """Weights normal with variance 2 / (in_features + out_features) (Glorot and Bengio 2010), bias 0, in place."""
    nn.init.xavier_normal_(linear.weight, generator=generator)
    if linear.bias is not None:
        nn.init.zeros_(linear.bias)


def global_average(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C)."""
    # Over a view with channels last, so that the gradient comes back in that order too.
    return x.permute(0, 2, 3, 1).mean(dim=(1, 2))
