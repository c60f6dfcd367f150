"""WRN-10-1 of Zagoruyko and Komodakis (2016) as FixMatch has it, with plain layers of torch."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def activation(channels: int) -> nn.Sequential:
    """Batch normalization and LeakyReLU; how far running statistics move is set step by step."""
    return nn.Sequential(nn.BatchNorm2d(channels, eps=1e-3), nn.LeakyReLU(0.1))


class Block(nn.Module):
    """Two 3 x 3 convolutions, each after an activation; a 1 x 1 convolution where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int, *, first: bool) -> None:
        super().__init__()
        self.first = first
        self.before, self.between = activation(inputs), activation(outputs)
        self.one = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.two = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.side = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """The first block of the net gives the activated image to both ways."""
        active = self.before(x)
        result: Tensor = self.side(active if self.first else x) + self.two(self.between(self.one(active)))
        return result


class Net(nn.Module):
    """Images to logits, or with prototypes to embeddings.

    Args:
        classes: K.
        prototypes: whether there is a projection with prototypes in the place of a linear classifier.
        size: pixels a side that images are resized to.
    """

    def __init__(self, classes: int, *, prototypes: bool, size: int) -> None:
        super().__init__()
        self.size = size
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, 1, 1, bias=False),
            Block(16, 16, 1, first=True),
            Block(16, 32, 2, first=False),
            Block(32, 64, 2, first=False),
            activation(64),
        )
        projection = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64))
        self.head: nn.Module = projection if prototypes else nn.Linear(64, classes)
        self.prototypes = nn.Parameter(torch.randn(classes, 64)) if prototypes else None
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, 0, math.sqrt(2 / (layer.out_channels * layer.kernel_size[0] ** 2)))
            elif isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, 0, math.sqrt(2 / (layer.in_features + layer.out_features)))
                nn.init.zeros_(layer.bias)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 1, H, W) to (N, K) or (N, 64)."""
        images = F.interpolate(images, (self.size, self.size), mode="bilinear", align_corners=False)
        found: Tensor = self.head(self.body(images).mean(dim=(2, 3)))
        return found

    def scores(self, outputs: Tensor) -> Tensor:
        """(N, K), the largest being the prediction: logits, or cosines to the prototypes."""
        if self.prototypes is None:
            return outputs
        return F.normalize(outputs, dim=1) @ F.normalize(self.prototypes, dim=1).T
