"""The nets of timm (https://github.com/huggingface/pytorch-image-models), with weights drawn from a given generator.

No weights are downloaded. Batch normalization is made to wait for the training loop, as our own does
(:func:`ssc_tune.models.norm.separate`).
"""

from __future__ import annotations

from typing import Any

import timm
import torch

from ssc_tune.models.layers import Encoder, Wrapped
from ssc_tune.models.norm import separate


def build_timm(
    name: str, *, in_channels: int, generator: torch.Generator, variant: str = "original", input_size: int | None = None
) -> Encoder:
    """timm's net of this name as an encoder: images (N, C, H, W) of any size to features (N, num_features).

    Args:
        name: as in ``timm.list_models()``.
        in_channels: C.
        generator: a CPU generator. timm draws from PyTorch's global one, which is seeded from this one meanwhile.
        variant: ``original``; there is no other.
        input_size: images are resized to this many pixels a side; none is the size that timm gives the net.
    """
    config: Any = timm.get_pretrained_cfg(name)
    own = config.input_size[-1]
    size = own if input_size is None else input_size
    further: dict[str, Any] = {"img_size": size} if config.fixed_input_size and size != own else {}
    seed = int(torch.randint(2**62, (), generator=generator))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        net = timm.create_model(name, pretrained=False, num_classes=0, in_chans=in_channels, **further)
    separate(net)
    features: Any = getattr(net, "head_hidden_size", None) or net.num_features
    return Wrapped(net.train(), features, size)
