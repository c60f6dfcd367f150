"""Wide residual networks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssc_tune.models.layers import Encoder, conv2d, global_average, init_convolutions
from ssc_tune.models.norm import BatchNorm2d
from ssc_tune.models.registry import stages

SLOPE = 0.1
EPS = 1e-3
EPS_OF_THE_AUTHORS = 1e-5


class _Activation(nn.Module):
    """Batch normalization, then LeakyReLU."""

    def __init__(self, num_channels: int, *, eps: float) -> None:
        super().__init__()
        self.norm = BatchNorm2d(num_channels, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.norm(x), SLOPE, inplace=True)


class _Block(nn.Module):
    """x + conv(act(conv(act(x)))); the first x is act(x) where ``activate_before_residual``, projected if needed.

    Where ``activate_branch`` is false the inner act is left out, and ``act1`` is held without use.
    """

    activate_before_residual = False
    activate_branch = True

    def __init__(self, in_channels: int, out_channels: int, *, stride: int, eps: float) -> None:
        super().__init__()
        self.act1 = _Activation(in_channels, eps=eps)
        self.conv1 = conv2d(in_channels, out_channels, 3, stride=stride)
        self.act2 = _Activation(out_channels, eps=eps)
        self.conv2 = conv2d(out_channels, out_channels, 3)
        changes = in_channels != out_channels or stride != 1
        self.shortcut = conv2d(in_channels, out_channels, 1, stride=stride) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        activated = self.act1(x) if self.activate_branch else x
        residual = activated if self.activate_before_residual else x
        if self.shortcut is not None:
            residual = self.shortcut(residual)
        branch: Tensor = self.conv2(self.act2(self.conv1(activated)))
        return residual + branch


class WideResNet(Encoder):
    """WRN-depth-width of Zagoruyko and Komodakis (2016), as FixMatch uses it.

    A 3 x 3 convolution to 16 channels, stages of n pre-activation blocks with 16 w, 32 w, ... channels, batch
    normalization (eps 1e-3), LeakyReLU of slope 0.1, global average. The first block of the first stage activates
    before the residual branches off. Convolutions have no bias; weights as in
    :func:`ssc_tune.models.layers.init_convolutions`.

    ============== ====== ===== ========================== ===============
    depth          stages n     stride of each stage       num_features
    ============== ====== ===== ========================== ===============
    6 n + 4        3      (d-4)/6 1, 2, 2                  64 w
    8 n + 5        4      (d-5)/8 2, 2, 2, 2               128 w
    ============== ====== ===== ========================== ===============

    The four-stage variant is the one of the STL-10 experiments (wrn-37-2, 96 x 96 images); its first stage has stride 2
    as in the public PyTorch code. Source: libml/models.py of google-research/fixmatch. Deviations: convolutions have no
    bias, as in most PyTorch ports (a batch normalization follows nearly all of them) and in the published counts of
    parameters, and padding at stride 2 is symmetric, as PyTorch's is.

    The variant ``authors`` is the net of the code of arXiv 2409.07292, as of USB and other PyTorch ports: blocks whose
    number of channels changes give the image to their first convolution as it is, without normalization and activation,
    apart from the first block of the net; that one activates before the residual only if its number of channels
    changes; eps is 1e-5 in blocks and 1e-3 at the end; the first convolution has a bias. The normalization that is
    left out is held all the same, as there.
    """

    def __init__(
        self, depth: int, width: int, *, in_channels: int, generator: torch.Generator, variant: str = "original"
    ) -> None:
        super().__init__()
        num_blocks, strides = stages(depth)
        authors, channels = variant == "authors", 16
        self.stem = conv2d(in_channels, channels, 3, bias=authors)
        blocks: list[_Block] = []
        for stage, stride in enumerate(strides):
            out_channels = 16 * width * 2**stage
            for block in range(num_blocks):
                eps = EPS_OF_THE_AUTHORS if authors else EPS
                made = _Block(channels, out_channels, stride=stride if block == 0 else 1, eps=eps)
                first, widens = block == 0 and stage == 0, channels != out_channels
                made.activate_before_residual = first and (widens or not authors)
                made.activate_branch = first or not (widens and authors)
                blocks.append(made)
                channels = out_channels
        self.blocks = nn.Sequential(*blocks)
        self.act = _Activation(channels, eps=EPS)
        self.num_features = channels
        init_convolutions(self, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, num_features)."""
        return global_average(self.act(self.blocks(self.stem(x))))
